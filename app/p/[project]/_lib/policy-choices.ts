import type { ModelSummary } from '#lib/services/models/list-models';

/** Policies to start a loop from: what was imported first, oldest first; then what loops made. */
export function policyChoices(models: readonly ModelSummary[]): { id: string; name: string; parameterCount: number }[] {
  return [...models]
    .sort((a, b) => Number(b.imported) - Number(a.imported) || a.createdAt.getTime() - b.createdAt.getTime())
    .map(({ id, name, parameterCount }) => ({ id, name, parameterCount }));
}
