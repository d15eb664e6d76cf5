import { z } from 'zod';
import type { QualityData } from './label-data';

/** Periods that a report may be limited to, in days back from its computing. */
export const reportPeriods = [7, 30, 90] as const;

/** What a report stands on: the labels of a period, under a version of the guideline, or all. */
export const reportScopeShape = {
  days: z.literal(reportPeriods).nullable().default(null),
  guideline: z.int().min(1).nullable().default(null),
};

export interface ReportScope {
  readonly days: (typeof reportPeriods)[number] | null;
  readonly guideline: number | null;
}

export const wholeProject: ReportScope = { days: null, guideline: null };

/** Under this key a report is kept; that of the whole project has the empty one. */
export function scopeKey({ days, guideline }: ReportScope): string {
  return [days && `days-${days}`, guideline && `guideline-${guideline}`].filter(Boolean).join('_');
}

/** Names a report as one thing to compute: the project alone is its whole report. */
export function reportSubject(projectId: string, scope: ReportScope): string {
  const key = scopeKey(scope);
  return key === '' ? projectId : `${projectId}:${key}`;
}

/** @throws ZodError where the subject names no report */
export function readReportSubject(subject: string): { projectId: string } & ReportScope {
  const [, projectId, days, guideline] = /^([^:]+)(?::(?:days-(\d+))?_?(?:guideline-(\d+))?)?$/.exec(subject) ?? [];
  const number = (text: string | undefined) => (text === undefined ? null : Number(text));
  return z
    .strictObject({ projectId: z.uuid(), ...reportScopeShape })
    .parse({ projectId, days: number(days), guideline: number(guideline) });
}

/** The labels and checks of the scope; forms, lengths and floors are the project's. */
export function withinScope(data: QualityData, { days, guideline }: ReportScope, now: Date): QualityData {
  const since = days === null ? Number.NEGATIVE_INFINITY : now.getTime() - days * 86_400_000;
  const inside = (one: { readonly at: Date; readonly guideline: number }) =>
    one.at.getTime() >= since && (guideline === null || one.guideline === guideline);
  return { ...data, labels: data.labels.filter(inside), checks: data.checks.filter(inside) };
}
