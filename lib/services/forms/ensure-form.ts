import type { Tx } from '#lib/db/create-db';
import { hashJson } from '#lib/domain/canonical-json';
import { defaultForm, type FormSpec, parseFormSpec, type TaskKind } from '#lib/domain/forms';

export interface CurrentForm {
  readonly id: string;
  readonly version: number;
  readonly spec: FormSpec;
}

/** The form that new tasks of this kind pin: the latest, or the usual one where the project never wrote any. */
export async function ensureForm(tx: Tx, projectId: string, kind: TaskKind): Promise<CurrentForm> {
  const current = await tx.formVersion.findFirst({
    where: { projectId, kind },
    orderBy: { version: 'desc' },
    select: { id: true, version: true, spec: true },
  });
  if (current) return { ...current, spec: parseFormSpec(current.spec) };
  const spec = defaultForm(kind);
  await tx.formVersion.createMany({
    data: [{ projectId, kind, version: 1, spec: structuredClone(spec), contentHash: hashJson(spec) }],
    skipDuplicates: true,
  });
  const { id } = await tx.formVersion.findUniqueOrThrow({
    where: { projectId_kind_version: { projectId, kind, version: 1 } },
    select: { id: true },
  });
  return { id, version: 1, spec };
}
