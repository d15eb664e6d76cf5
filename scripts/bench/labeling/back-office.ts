/**
 * The owner's side of the labeling bench: makes projects, people and tasks, and reads what is stored, one JSON line a question on stdin, one
 * a reply on stdout. DATABASE_URL says where.
 */
import { randomUUID } from 'node:crypto';
import readline from 'node:readline';
import { hashPassword } from 'better-auth/crypto';
import { z } from 'zod';
import { createDb } from '#lib/db/create-db';
import { hashJson } from '#lib/domain/canonical-json';
import { defaultForm } from '#lib/domain/forms';

const db = createDb(z.string().parse(process.env.DATABASE_URL), { max: 4 });
const password = randomUUID();

const rowSchema = z.object({ key: z.string(), prompt: z.string(), responses: z.array(z.object({ text: z.string() })) });
const questionSchema = z.discriminatedUnion('what', [
  z.object({ what: z.literal('project'), input: z.object({ name: z.string(), annotators: z.int() }) }),
  z.object({ what: z.literal('import'), input: z.object({ projectId: z.string(), overlap: z.int(), rows: z.array(rowSchema) }) }),
  z.object({ what: z.literal('labels'), input: z.object({ projectId: z.string() }) }),
]);
type Question = z.infer<typeof questionSchema>;

const people: { id: string; email: string }[] = [];

async function person(index: number, hash: string): Promise<{ id: string; email: string }> {
  const email = `annotator-${index}-${randomUUID().slice(0, 8)}@example.org`;
  const { id } = await db.user.create({ data: { name: `Annotator ${index}`, email, emailVerified: true } });
  await db.account.create({ data: { userId: id, accountId: id, providerId: 'credential', password: hash } });
  return { id, email };
}

async function makeProject({ name, annotators }: { name: string; annotators: number }) {
  const hash = await hashPassword(password);
  while (people.length < annotators) people.push(await person(people.length, hash));
  const { id: projectId } = await db.project.create({ data: { slug: name, name } });
  const spec = defaultForm('RANKING');
  await db.guideline.create({ data: { projectId, version: 1, text: 'Put the most helpful answer first.', contentHash: hashJson(name) } });
  await db.formVersion.create({
    data: { projectId, version: 1, kind: 'RANKING', spec: JSON.parse(JSON.stringify(spec)), contentHash: hashJson(spec) },
  });
  await db.dataset.create({ data: { projectId, name: 'bench' } });
  const members = people.slice(0, annotators);
  await db.membership.createMany({ data: members.map(({ id }) => ({ projectId, userId: id, roles: ['ANNOTATOR' as const] })) });
  return { projectId, people: members.map(({ email }) => email), password };
}

async function importRows({ projectId, overlap, rows }: { projectId: string; overlap: number; rows: z.infer<typeof rowSchema>[] }) {
  const { id: datasetId } = await db.dataset.findFirstOrThrow({ where: { projectId } });
  const { id: guidelineId } = await db.guideline.findFirstOrThrow({ where: { projectId } });
  const { id: formVersionId } = await db.formVersion.findFirstOrThrow({ where: { projectId } });
  const tasks = rows.map((row) => ({
    ...row,
    id: randomUUID(),
    promptId: randomUUID(),
    responseIds: row.responses.map(() => randomUUID()),
  }));
  await db.prompt.createMany({
    data: tasks.map(({ promptId, prompt, key }, ordinal) => ({
      ...{ id: promptId, datasetId, ordinal, salt: key, splitKey: key, split: 'TRAIN' as const },
      ...{ messages: [{ role: 'user', content: prompt }], contentHash: promptId, saltedHash: promptId },
    })),
  });
  await db.response.createMany({
    data: tasks.flatMap(({ promptId, responses, responseIds }) =>
      responses.map(({ text }, index) => ({ id: responseIds[index], promptId, origin: 'IMPORT' as const, text, salt: '', saltedHash: '' })),
    ),
  });
  await db.task.createMany({
    data: tasks.map(({ id, promptId }) => ({ id, projectId, promptId, kind: 'RANKING', purpose: 'LABELING', guidelineId, formVersionId })),
  });
  await db.taskResponse.createMany({
    data: tasks.flatMap(({ id, responseIds }) => responseIds.map((responseId, position) => ({ taskId: id, responseId, position }))),
  });
  await db.slot.createMany({
    data: tasks.flatMap(({ id }) => Array.from({ length: overlap }, (_, ordinal) => ({ taskId: id, projectId, ordinal }))),
  });
  return { tasks: tasks.map(({ id, key, responseIds }) => ({ id, key, responseIds })) };
}

/** Every annotation that is kept, surplus included: more than a task wants must show. */
async function readLabels({ projectId }: { projectId: string }) {
  const labels = await db.$queryRaw`
    select a."taskId", u."email", a."content"->'ranks' as "ranks"
    from "Annotation" a join "Task" t on t."id" = a."taskId" join "User" u on u."id" = a."annotatorId" where t."projectId" = ${projectId}`;
  return { labels };
}

function answer(question: Question): Promise<unknown> {
  if (question.what === 'project') return makeProject(question.input);
  return question.what === 'import' ? importRows(question.input) : readLabels(question.input);
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  const reply = await answer(questionSchema.parse(JSON.parse(line))).then(
    (result) => ({ result }),
    (error: unknown) => ({ error: String(error) }),
  );
  process.stdout.write(`${JSON.stringify(reply)}\n`);
}
await db.$disconnect();
