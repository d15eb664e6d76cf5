import { z } from 'zod';
import { Prisma } from '#lib/db/generated/client';
import type { Actor } from '#lib/domain/actor';
import type { AnnotationContent } from '#lib/domain/annotation-content';
import { type FormSpec, parseFormSpec, type TaskKind, taskKinds } from '#lib/domain/forms';
import { type Message, messagesSchema } from '#lib/domain/prompts';
import type { Deps } from '#lib/services/deps';
import { authorise, requireUser } from '#lib/services/people/authorise';

const cursorSchema = z.strictObject({ at: z.coerce.date(), id: z.uuid() });

export const listOwnAnnotationsInput = z.strictObject({
  projectId: z.uuid(),
  kind: z.enum(taskKinds).optional(),
  /** flagged: something was flagged; changed: corrected or taken back; surplus: kept, though no slot wanted it. */
  only: z.enum(['flagged', 'changed', 'surplus']).optional(),
  after: cursorSchema.optional(),
  limit: z.int().min(1).max(50).default(20),
});

export interface OwnAnnotation {
  readonly id: string;
  readonly taskId: string;
  readonly kind: TaskKind;
  readonly at: Date;
  readonly prompt: { readonly messages: readonly Message[] };
  /** In the order in which they were shown. */
  readonly responses: readonly { readonly id: string; readonly text: string }[];
  readonly content: AnnotationContent;
  readonly form: FormSpec;
  readonly guidelineVersion: number;
  readonly surplus: boolean;
  /** What came after it: another row of this list, or that it was taken back. */
  readonly later: { readonly how: 'CORRECTED' | 'TAKEN_BACK'; readonly at: Date } | null;
  /** When the one was sent that this one corrects. */
  readonly corrects: { readonly id: string; readonly at: Date } | null;
  readonly may: { readonly correct: boolean; readonly takeBack: boolean };
}

interface Row {
  readonly id: string;
  readonly taskId: string;
  readonly kind: TaskKind;
  readonly createdAt: Date;
  readonly messages: unknown;
  readonly responses: { id: string; text: string }[] | null;
  readonly displayOrder: string[];
  /** Parsed when it was written. */
  readonly content: AnnotationContent;
  readonly form: unknown;
  readonly guidelineVersion: number;
  readonly surplus: boolean;
  readonly correctedAt: Date | null;
  readonly takenBackAt: Date | null;
  readonly supersedesId: string | null;
  readonly supersededAt: Date | null;
  readonly open: boolean;
}

/**
 * A person's own judgements in a project, the newest first: the task as he saw it and what he said, never what others
 * said, which model wrote an answer, or whether the task was a check. Rows that only take back are told at the row they
 * take back.
 */
export async function listOwnAnnotations(
  deps: Pick<Deps, 'db'>,
  actor: Actor,
  input: z.input<typeof listOwnAnnotationsInput>,
): Promise<{ annotations: readonly OwnAnnotation[]; next: z.infer<typeof cursorSchema> | null }> {
  const { projectId, kind, only, after, limit } = listOwnAnnotationsInput.parse(input);
  const userId = requireUser(actor);
  await authorise(deps, actor, projectId, 'labeling.annotate');
  const rows = await deps.db.$queryRaw<Row[]>`
    select a."id", a."taskId", a."kind"::text as "kind", a."createdAt", p."messages", a."displayOrder", a."content", f."spec" as "form",
      g."version" as "guidelineVersion", a."surplus", c."createdAt" as "correctedAt", w."createdAt" as "takenBackAt",
      a."supersedesId", b."createdAt" as "supersededAt", (${roundIsOpen}) as "open",
      (select json_agg(json_build_object('id', x."id", 'text', x."text"))
        from "TaskResponse" tr join "Response" x on x."id" = tr."responseId" where tr."taskId" = a."taskId") as "responses"
    from "Annotation" a
    join "Task" t on t."id" = a."taskId"
    join "Prompt" p on p."id" = t."promptId"
    join "Guideline" g on g."id" = a."guidelineId"
    join "FormVersion" f on f."id" = a."formVersionId"
    left join "Round" r on r."id" = t."roundId"
    left join "Annotation" c on c."supersedesId" = a."id"
    left join "Annotation" w on w."withdrawsId" = a."id"
    left join "Annotation" b on b."id" = a."supersedesId"
    where a."annotatorId" = ${userId} and t."projectId" = ${projectId} and a."withdrawsId" is null and ${filterOf(only)}
      and ${kind ? Prisma.sql`a."kind" = ${kind}::"TaskKind"` : Prisma.sql`true`}
      and ${after ? Prisma.sql`(a."createdAt", a."id") < (${after.at}::timestamp, ${after.id})` : Prisma.sql`true`}
    order by a."createdAt" desc, a."id" desc
    limit ${limit + 1}`;
  const annotations = rows.slice(0, limit).map(toView);
  const end = annotations.at(-1);
  return { annotations, next: rows.length > limit && end ? { at: end.at, id: end.id } : null };
}

/**
 * Whether the task can still be taken back: its round waits for people. A check stands in no round; it goes by whether
 * any round was frozen since, as the tasks around it do, so that the button does not tell which task was a check.
 */
const roundIsOpen = Prisma.sql`
  case when t."roundId" is not null then r."stage"::text = t."purpose"::text and r."status" = 'WAITING'
    when t."purpose" in ('GOLD', 'REPEAT') then not exists (
      select 1 from "RoundTransition" m join "Round" n on n."id" = m."roundId" join "Loop" l on l."id" = n."loopId"
      where l."projectId" = t."projectId" and m."fromStage" in ('LABELING', 'EVALUATION') and m."toStage" <> m."fromStage" and m."at" >= a."createdAt")
    else true end`;

function filterOf(only: 'flagged' | 'changed' | 'surplus' | undefined): Prisma.Sql {
  if (only === 'flagged') return Prisma.sql`jsonb_path_exists(a."content", '$.flags.*[*]')`;
  if (only === 'changed') return Prisma.sql`(c."id" is not null or w."id" is not null or a."supersedesId" is not null)`;
  return only === 'surplus' ? Prisma.sql`a."surplus"` : Prisma.sql`true`;
}

function toView(row: Row): OwnAnnotation {
  const texts = new Map((row.responses ?? []).map(({ id, text }) => [id, text]));
  const later = row.takenBackAt ?? row.correctedAt;
  const live = later === null;
  return {
    id: row.id,
    taskId: row.taskId,
    kind: row.kind,
    at: row.createdAt,
    prompt: { messages: messagesSchema.parse(row.messages) },
    responses: row.displayOrder.map((id) => ({ id, text: texts.get(id) ?? '' })),
    content: row.content,
    form: parseFormSpec(row.form),
    guidelineVersion: row.guidelineVersion,
    surplus: row.surplus,
    later: later && { how: row.takenBackAt ? 'TAKEN_BACK' : 'CORRECTED', at: later },
    corrects: row.supersedesId && row.supersededAt ? { id: row.supersedesId, at: row.supersededAt } : null,
    // Models' names were shown after a vote in a conversation: it stands.
    may: { correct: live && row.kind !== 'CHAT', takeBack: live && row.open },
  };
}
