import type { Db } from '#lib/db/create-db';
import { findPart, parseFormSpec } from '#lib/domain/forms';
import type { AskedParts, QualityCheck, QualityData, QualityLabel } from '#lib/domain/quality/label-data';
import { parseQualityPolicy } from '#lib/domain/quality/quality-policy';
import { parseComparable } from './check-expected';

const atOnce = 5000;

/** What the report stands on: the annotations that count (not withdrawn, not superseded), the checks that count, forms and lengths. */
export async function loadQualityData(db: Db, projectId: string): Promise<QualityData> {
  const project = await db.project.findUniqueOrThrow({ where: { id: projectId }, select: { labelingPolicy: true } });
  const labels = await loadLabels(db, projectId);
  const checks = await db.$queryRaw<QualityCheck[]>`
    select c."annotatorId" as "annotator", c."purpose"::text as "purpose", c."agreement", c."passed", g."version" as "guideline", c."at"
    from "AnnotationCheck" c join "Guideline" g on g."id" = c."guidelineId"
    where c."projectId" = ${projectId} and c."voidedAt" is null and c."purpose" in ('GOLD', 'REPEAT')
    order by c."at", c."annotationId"`;
  const lengths = await db.$queryRaw<{ id: string; length: number }[]>`
    select r."id", char_length(r."text")::int as "length" from "Response" r
    where r."id" in (select tr."responseId" from "TaskResponse" tr join "Task" t on t."id" = tr."taskId" where t."projectId" = ${projectId})`;
  return {
    labels,
    checks,
    forms: await loadForms(db, projectId),
    lengths: new Map(lengths.map(({ id, length }) => [id, length])),
    minMs: parseQualityPolicy(project.labelingPolicy).dwell.minMs,
  };
}

type LabelRow = Omit<QualityLabel, 'content'> & { readonly id: string; readonly content: unknown };

async function loadLabels(db: Db, projectId: string): Promise<QualityLabel[]> {
  const labels: QualityLabel[] = [];
  for (let after = ''; ; ) {
    const rows = await db.$queryRaw<LabelRow[]>`
      select s."id", a."taskId", a."annotatorId" as "annotator", a."kind"::text as "kind", a."content", a."displayOrder", a."activeMs",
        g."version" as "guideline", a."formVersionId", a."createdAt" as "at"
      from "Slot" s join "Annotation" a on a."id" = s."liveAnnotationId" join "Task" t on t."id" = s."taskId"
      join "Guideline" g on g."id" = a."guidelineId"
      where s."projectId" = ${projectId} and t."purpose" in ('LABELING', 'EVALUATION') and s."id" > ${after}
      order by s."id" limit ${atOnce}`;
    for (const { id: _, content, ...row } of rows) labels.push({ ...row, content: parseComparable(content) });
    const last = rows.at(-1);
    if (!last || rows.length < atOnce) return labels;
    after = last.id;
  }
}

async function loadForms(db: Db, projectId: string): Promise<Map<string, AskedParts>> {
  const forms = await db.formVersion.findMany({ where: { projectId }, select: { id: true, spec: true } });
  return new Map(
    forms.map(({ id, spec }) => {
      const form = parseFormSpec(spec);
      const parts: AskedParts = {
        ratings: findPart(form, 'rating')?.attributes ?? [],
        flags: findPart(form, 'flags')?.flags ?? [],
        marks: findPart(form, 'span')?.categories ?? [],
      };
      return [id, parts];
    }),
  );
}
