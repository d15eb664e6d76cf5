import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import type { TaskKind } from '#lib/domain/forms';
import type { Deps } from '#lib/services/deps';
import { authorise } from '#lib/services/people/authorise';

const exportAnnotationsInput = z.strictObject({ projectId: z.uuid(), kind: z.string().optional() });

export interface ExportedAnnotation {
  readonly annotation: string;
  readonly task: string;
  /** What the importer called the task. */
  readonly key: string | null;
  readonly kind: TaskKind;
  readonly purpose: string;
  readonly round: string | null;
  /** Pseudonym of the member. */
  readonly annotator: string | null;
  readonly content: unknown;
  /** Response ids in the order in which this person saw them. */
  readonly displayOrder: readonly string[];
  /** In the order of the task: the first is number "1" of the imported row. */
  readonly responses: readonly string[];
  readonly guideline: number;
  readonly form: number;
  readonly surplus: boolean;
  readonly activeMs: number;
  readonly claimedAt: Date | null;
  readonly createdAt: Date;
}

const pageSize = 2000;

/**
 * The live annotations of a project (neither withdrawn nor superseded), page by page in the order of their ids: memory does
 * not grow with them. Needs annotation.read.
 */
export async function* exportAnnotations(
  deps: Pick<Deps, 'db'>,
  actor: Actor,
  input: z.input<typeof exportAnnotationsInput>,
): AsyncGenerator<readonly ExportedAnnotation[]> {
  const { projectId, kind = null } = exportAnnotationsInput.parse(input);
  await authorise(deps, actor, projectId, 'annotation.read');
  for (let after = ''; ; ) {
    const page = await deps.db.$queryRaw<ExportedAnnotation[]>`
      select a."id" as "annotation", a."taskId" as "task", t."key", a."kind"::text as "kind", t."purpose"::text as "purpose",
        t."roundId" as "round", m."pseudonym" as "annotator", a."content", a."displayOrder",
        array(select tr."responseId" from "TaskResponse" tr where tr."taskId" = t."id" order by tr."position") as "responses",
        g."version" as "guideline", f."version" as "form", a."surplus", a."activeMs", s."createdAt" as "claimedAt", a."createdAt"
      from "Annotation" a
      join "Task" t on t."id" = a."taskId"
      join "Guideline" g on g."id" = a."guidelineId"
      join "FormVersion" f on f."id" = a."formVersionId"
      left join "Assignment" s on s."id" = a."assignmentId"
      left join "Membership" m on m."projectId" = t."projectId" and m."userId" = a."annotatorId"
      where t."projectId" = ${projectId} and a."id" > ${after} and a."withdrawsId" is null
        and (${kind}::text is null or a."kind"::text = ${kind})
        and not exists (select 1 from "Annotation" l where l."supersedesId" = a."id")
        and not exists (select 1 from "Annotation" l where l."withdrawsId" = a."id")
      order by a."id"
      limit ${pageSize}`;
    if (page.length > 0) yield page;
    const last = page.at(-1);
    if (!last || page.length < pageSize) return;
    after = last.annotation;
  }
}
