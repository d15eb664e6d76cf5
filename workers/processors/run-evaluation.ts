import { requireSplit } from '#lib/domain/prompt-draw';
import type { PolicySummary, RunSpecOf } from '#lib/domain/runs';
import { policyDivergence } from '#lib/ml/evaluation/divergence';
import { createRewardScorer } from '#lib/ml/evaluation/reward-scorer';
import { distinctNgrams, textWords } from '#lib/ml/evaluation/text-metrics';
import { createLanguageModel, createScalarModel } from '#lib/ml/nn/language-model';
import { loadTokenizer } from '#lib/ml/tokenizers/tokenizer';
import type { SampleRow } from '#lib/services/runs/sample-row';
import { writeStep } from '#lib/services/runs/write-step';
import { checkDisk } from './check-disk';
import { type LoadedModel, loadModel } from './load-model';
import { persist } from './persist';
import type { Outcome, RunContext } from './run-context';
import { type RunPrompt, readPrompts, sampleResponses } from './sample-responses';

type EvaluationContext = RunContext<RunSpecOf<'EVALUATION'>>;
type Role = PolicySummary['role'];

/** Answers shown side by side on the run's page. */
const shownPrompts = 8;

/**
 * EVALUATION: the candidate, the SFT policy and the policy of before answer the same prompts of the test split; reward, KL to the SFT policy,
 * length and distinct n-grams of each. The blind comparisons are made where the run is finished.
 */
export async function runEvaluation(context: EvaluationContext): Promise<Outcome> {
  const { deps, claim, spec, signal } = context;
  await checkDisk(deps, 0);
  const prompts = await readPrompts(context, spec.inputs.promptIds);
  requireSplit(prompts, ['TEST'], 'evaluation');
  const { candidateId, referenceId, previousId } = spec.inputs;
  const all: [Role, string][] = [
    ['candidate', candidateId],
    ['reference', referenceId],
    ['previous', previousId],
  ];
  // In the first round the policy of before is the SFT policy: it answers once.
  const roles = all.filter(([, id], index) => all.findIndex(([, other]) => other === id) === index);
  const total = roles.length * prompts.length;
  const reference = await loadModel(deps, referenceId);
  const rewardModel = await loadModel(deps, spec.inputs.rewardModelId);
  const policies: PolicySummary[] = [];
  const samples: SampleRow[] = [];
  for (const [index, [role, modelId]] of roles.entries()) {
    const model = await loadModel(deps, modelId);
    await sampleResponses(context, {
      model,
      prompts,
      samples: 1,
      sampleOffset: 0,
      sampling: spec.config.sampling,
      onStored: (stored) =>
        persist(deps, signal, () => writeStep(deps, claim, { step: index * prompts.length + stored, totalSteps: total, phase: role })),
    });
    const measured = await measure(context, { role, model, reference, rewardModel, prompts });
    policies.push(measured.summary);
    for (const row of measured.rows.slice(0, shownPrompts)) samples.push({ ...row, sampleIndex: index });
  }
  const metrics = Object.fromEntries(
    policies.flatMap(({ role, reward, kl, length, distinct1, distinct2 }) =>
      Object.entries({ reward, kl, length, distinct1, distinct2 }).map(([name, value]) => [`${role}/${name}`, value]),
    ),
  );
  await persist(deps, signal, () => writeStep(deps, claim, { step: total, totalSteps: total, phase: 'measured', metrics, samples }));
  return { result: { kind: 'EVALUATION', policies, tasks: 0 } };
}

interface Measurement {
  readonly role: Role;
  readonly model: LoadedModel;
  readonly reference: LoadedModel;
  readonly rewardModel: LoadedModel;
  readonly prompts: readonly RunPrompt[];
}

async function measure(
  context: EvaluationContext,
  input: Measurement,
): Promise<{ summary: PolicySummary; rows: Omit<SampleRow, 'sampleIndex'>[] }> {
  const { deps, run, engine, spec } = context;
  const { model, reference, rewardModel, prompts, role } = input;
  const tokenizer = loadTokenizer(model.files.tokenizerJson, model.name, model.files.config);
  const stored = await deps.db.response.findMany({
    where: { runId: run.id, modelVersionId: model.id },
    select: { promptId: true, text: true, tokenIds: true },
  });
  const byPrompt = new Map(stored.map((response) => [response.promptId, response]));
  const answered = prompts.flatMap((prompt) => {
    const response = byPrompt.get(prompt.id);
    return response
      ? [{ prompt, response, row: { prompt: tokenizer.encode(prompt.text, { bos: true }), response: response.tokenIds } }]
      : [];
  });
  const rows = answered.map((each) => each.row);
  const policy = createLanguageModel(engine, model.files);
  const sft = createLanguageModel(engine, reference.files);
  const reward = createScalarModel(engine, rewardModel.files, { headSeed: 0 });
  try {
    const normalisation = rewardModel.normalisation ?? { mean: 0, std: 1 };
    const rewards = createRewardScorer({ engine, model: reward, normalisation })(rows);
    const divergence = policyDivergence({ engine, policy, reference: sft, rows, temperature: spec.config.sampling.temperature });
    const words = answered.map((each) => textWords(each.response.text));
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
    return {
      summary: {
        modelId: model.id,
        role,
        reward: mean(rewards),
        kl: mean(divergence.perAnswer),
        length: mean(rows.map((row) => row.response.length)),
        distinct1: distinctNgrams(words, 1) ?? 0,
        distinct2: distinctNgrams(words, 2) ?? 0,
        n: rows.length,
      },
      rows: answered.map(({ prompt, response, row }, index) => ({
        promptId: prompt.id,
        text: response.text,
        scores: { reward: rewards[index] ?? 0, kl: divergence.perAnswer[index] ?? 0, length: row.response.length },
      })),
    };
  } finally {
    for (const each of [policy, sft, reward]) each.dispose();
  }
}
