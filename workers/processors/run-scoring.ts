import { messagesSchema, promptText } from '#lib/domain/prompts';
import type { RunSpecOf } from '#lib/domain/runs';
import { rowScores } from '#lib/ml/forward';
import { createScalarModel } from '#lib/ml/nn/language-model';
import { loadTokenizer, type Tokenizer } from '#lib/ml/tokenizers/tokenizer';
import { refreshTask } from '#lib/services/review/refresh-task';
import { fencedWrite } from '#lib/services/runs/fenced-write';
import { writeStep } from '#lib/services/runs/write-step';
import { checkDisk } from './check-disk';
import { type LoadedModel, loadModel } from './load-model';
import { persist } from './persist';
import type { Outcome, RunContext } from './run-context';

type ScoringContext = RunContext<RunSpecOf<'SCORING'>>;

/** Answers read, scored and written at once: what a killed attempt loses. */
const answersAtOnce = 256;

/**
 * SCORING: each reward model scores the answers of the project's tasks that it has not scored yet. What an earlier attempt wrote stays, so a
 * restarted run goes on where it was. Reviewers see what surprises the models; annotators never before they submit.
 */
export async function runScoring(context: ScoringContext): Promise<Outcome> {
  const { deps, claim, run, spec, signal } = context;
  await checkDisk(deps, 0);
  const modelIds = [...new Set(spec.inputs.rewardModelIds)];
  const counts = await Promise.all(modelIds.map((modelId) => countUnscored(context, modelId)));
  const total = counts.reduce((sum, count) => sum + count, 0);
  let scored = 0;
  for (const modelId of modelIds) {
    const loaded = await loadModel(deps, modelId);
    const scorer = openScorer(context, loaded);
    try {
      for (let rows = await readUnscored(context, modelId); rows.length > 0; rows = await readUnscored(context, modelId)) {
        const data = scorer
          .score(rows)
          .map((score, index) => ({ ...score, responseId: (rows[index] as Unscored).id, modelVersionId: modelId }));
        await persist(deps, signal, () =>
          fencedWrite(deps.db, claim, async (tx) => void (await tx.responseScore.createMany({ data, skipDuplicates: true }))),
        );
        scored += rows.length;
        await persist(deps, signal, () =>
          writeStep(deps, claim, { step: scored, totalSteps: Math.max(total, scored), phase: loaded.name }),
        );
      }
    } finally {
      scorer.dispose();
    }
  }
  await refreshTasks(context);
  deps.logger.info({ runId: run.id, scored }, 'answers scored');
  return { result: { kind: 'SCORING', responses: scored, models: modelIds.length } };
}

/** What surprises the models among the labels that stand already. */
async function refreshTasks({ deps, run, signal }: ScoringContext): Promise<void> {
  const labelled = await deps.db.task.findMany({
    where: { projectId: run.projectId, purpose: 'LABELING', slots: { some: { liveAnnotationId: { not: null } } } },
    select: { id: true },
  });
  for (const { id } of labelled) {
    signal.throwIfAborted();
    await persist(deps, signal, () => deps.db.$transaction((tx) => refreshTask(tx, id)));
  }
}

interface Unscored {
  readonly id: string;
  readonly text: string;
  readonly tokenIds: readonly number[];
  readonly messages: unknown;
}

/**
 * `score` is on the model's normalised scale, (raw - mean) / std. `members` holds raw / temperature: there sigmoid(a - b) is the model's
 * probability that people prefer a to b (Guo et al. 1706.04599, temperature scaling).
 */
function openScorer({ engine, spec }: ScoringContext, loaded: LoadedModel) {
  const tokenizer: Tokenizer = loadTokenizer(loaded.files.tokenizerJson, loaded.name, loaded.files.config);
  const model = createScalarModel(engine, loaded.files, { headSeed: 0 });
  const { mean, std } = loaded.normalisation ?? { mean: 0, std: 1 };
  return {
    score(rows: readonly Unscored[]) {
      const tokens = rows.map((row) => ({
        prompt: tokenizer.encode(promptText(messagesSchema.parse(row.messages)), { bos: true }),
        // An answer of a person or an import has no ids of its own.
        response: row.tokenIds.length > 0 ? row.tokenIds : tokenizer.encode(row.text),
      }));
      const raw = rowScores(engine, model, tokens, { batchSize: spec.config.batchSize });
      return raw.map((value) => ({ score: (value - mean) / std, members: [value / loaded.temperature] }));
    },
    dispose: () => model.dispose(),
  };
}

async function countUnscored({ deps, run }: ScoringContext, modelId: string): Promise<number> {
  const [row] = await deps.db.$queryRaw<{ count: number }[]>`
    select count(distinct tr."responseId")::int as "count"
    from "TaskResponse" tr join "Task" t on t."id" = tr."taskId"
    where t."projectId" = ${run.projectId}
      and not exists (select 1 from "ResponseScore" s where s."responseId" = tr."responseId" and s."modelVersionId" = ${modelId})`;
  return row?.count ?? 0;
}

async function readUnscored({ deps, run }: ScoringContext, modelId: string): Promise<Unscored[]> {
  return deps.db.$queryRaw<Unscored[]>`
    select x."id", x."text", coalesce(x."tokenIds", '{}') as "tokenIds", p."messages"
    from "Response" x join "Prompt" p on p."id" = x."promptId"
    where x."id" in (
      select tr."responseId" from "TaskResponse" tr join "Task" t on t."id" = tr."taskId"
      where t."projectId" = ${run.projectId}
        and not exists (select 1 from "ResponseScore" s where s."responseId" = tr."responseId" and s."modelVersionId" = ${modelId})
      group by tr."responseId" order by tr."responseId" limit ${answersAtOnce})`;
}
