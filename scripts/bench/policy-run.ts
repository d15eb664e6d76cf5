import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRandom } from '#lib/domain/random';
import { annotatorConfig, rankDisplayed } from '#lib/domain/simulation/annotator';
import { warmStoryGold } from '#lib/domain/simulation/gold';
import { trainingPresets } from '#lib/domain/training-presets';
import type { TensorData } from '#lib/formats/safetensors';
import type { Engine } from '#lib/ml/engine/engine';
import { createRewardScorer } from '#lib/ml/evaluation/reward-scorer';
import { generate } from '#lib/ml/generation/generate';
import { convertLlama2c } from '#lib/ml/models/convert-llama2c';
import type { ModelFiles } from '#lib/ml/models/hugging-face';
import { createLanguageModel, createScalarModel, type ScalarModel } from '#lib/ml/nn/language-model';
import { loadTokenizer, type Tokenizer } from '#lib/ml/tokenizers/tokenizer';
import { trainPpo } from '#lib/ml/trainers/ppo';
import { ppoConfig } from '#lib/ml/trainers/ppo-config';
import { type RewardResult, trainReward } from '#lib/ml/trainers/reward';
import { rewardConfig } from '#lib/ml/trainers/reward-config';
import type { RankedPrompt } from '#lib/ml/trainers/reward-pairs';
import { referenceModel } from '#lib/ml/training/reference';
import { measureGold } from '../simulate/measure-gold';
import { storyPrompts } from '../simulate/story-prompts';

/** What one policy is worth on held-out prompts: the hidden gold, and the KL to the SFT policy in nats an answer. */
export interface Measured {
  readonly gold: number;
  readonly goldSpread: number;
  readonly kl: number;
  readonly repeated2: number;
  readonly sample: string;
}

/** One step of PPO, on its own rollouts: what the trainer maximises, what nobody shows it, and how far it went. */
export interface CurvePoint {
  readonly step: number;
  readonly proxy: number;
  readonly gold: number;
  readonly kl: number;
}

export interface PolicyRun {
  readonly seed: number;
  readonly variant: Variant;
  /** Of the proxy reward model on validation prompts. */
  readonly proxyAccuracy: number | null;
  readonly before: Measured;
  readonly after: Measured;
  readonly curve: readonly CurvePoint[];
  readonly seconds: number;
}

/**
 * One run with the price of a nat. One without it, and without what else slows a policy down: smaller batches, a higher rate that does not fall, no bound
 * on the KL of inner epochs, more steps.
 */
export const variants = {
  held: { klCoefficient: 0.1, policyLearningRate: 4e-4, steps: 30, rolloutBatchSize: 128, minibatchSize: 64 },
  free: { klCoefficient: 0, policyLearningRate: 1e-3, steps: 48, targetInnerKl: null, schedule: { kind: 'constant' } },
} as const;
export type Variant = keyof typeof variants;

const promptCount = 768;
const heldOutCount = 96;
const promptSeed = 7;
const answersPerPrompt = 6;
const annotators = 5;
const { maxNewTokens = 44, temperature = 0.8 } = trainingPresets.small.sampling;

interface World {
  readonly engine: Engine;
  readonly files: ModelFiles;
  readonly tokenizer: Tokenizer;
  readonly prompts: readonly string[];
  readonly heldOut: readonly string[];
}

/** The 260,032-parameter model that writes stories, and openings of stories for it. */
export async function createWorld(engine: Engine, folder: string): Promise<World> {
  const read = (name: string) => readFileSync(join(folder, name));
  const files = convertLlama2c({
    weights: read('stories260K.bin'),
    tokenizer: read('tok512.bin'),
    weightsSource: 'stories260K.bin',
    tokenizerSource: 'tok512.bin',
  });
  const { stories } = JSON.parse(read('story_nll.json').toString('utf8')) as { stories: { text: string }[] };
  const all = await storyPrompts({ engine, files, stories: stories.map(({ text }) => text), count: promptCount, seed: promptSeed });
  const tokenizer = loadTokenizer(files.tokenizerJson, 'tokenizer.json', files.config);
  return { engine, files, tokenizer, prompts: all.slice(heldOutCount), heldOut: all.slice(0, heldOutCount) };
}

/** The SFT policy answers, simulated annotators rank what they see of the gold through their noise. One prompt in six is for validation. */
async function rankedPrompts({ engine, files, prompts, tokenizer }: World, seed: number): Promise<RankedPrompt[]> {
  const policy = createLanguageModel(engine, files);
  const encoded = prompts.map((prompt) => tokenizer.encode(prompt, { bos: true }));
  const answers: (readonly number[])[][] = prompts.map(() => []);
  const options = { samplesPerPrompt: answersPerPrompt, maxNewTokens, temperature, seed, batchSize: 96, stopIds: [tokenizer.eosId] };
  for await (const answer of generate({ engine, model: policy, prompts: encoded, promptKeys: prompts, ...options })) {
    answers[answer.promptIndex]?.push(answer.tokenIds);
  }
  policy.dispose();
  const config = annotatorConfig.parse({ accuracy: 0.85, positionBias: 0.55 });
  return prompts.map((prompt, index) => {
    const golds = (answers[index] ?? []).map((tokens) => warmStoryGold.score(tokenizer.decode(tokens)));
    return {
      promptId: prompt,
      split: index % 6 === 5 ? 'VALIDATION' : 'TRAIN',
      prompt: encoded[index] ?? [],
      responses: (answers[index] ?? []).map((tokens, place) => ({ responseId: `${place}`, tokens })),
      rankings: Array.from({ length: annotators }, (_, annotator) => ({
        annotatorId: `annotator ${annotator + 1}`,
        ranks: rankDisplayed(config, golds, createRandom(seed, 'annotator', annotator, prompt)),
      })),
    };
  });
}

interface Proxy {
  readonly model: ScalarModel;
  readonly weights: ModelFiles;
  readonly trained: RewardResult;
}

/** The reward model that stands for the annotators. */
async function trainProxy(world: World, seed: number): Promise<Proxy> {
  const { engine, files, tokenizer } = world;
  const data = await rankedPrompts(world, seed);
  const model = createScalarModel(engine, files, { headSeed: seed });
  const config = rewardConfig.parse({ ...trainingPresets.small.reward, seed, samplePrompts: 0, checkpointEvery: 10_000 });
  const training = trainReward({ engine, model, tokenizer, data, config, signal: new AbortController().signal });
  for (;;) {
    const next = await training.next();
    if (!next.done) continue;
    const weights: ModelFiles = { ...files, kind: 'REWARD', weights: new Map(Object.entries(model.exportWeights())) };
    return { model, weights, trained: next.value };
  }
}

async function measure(world: World, weights: ReadonlyMap<string, TensorData>, seed: number): Promise<Measured> {
  const { engine, files, heldOut } = world;
  const policy = { ...files, weights: new Map(weights) };
  const measured = await measureGold({
    engine,
    policy,
    reference: files,
    prompts: heldOut,
    samplesPerPrompt: 4,
    maxNewTokens,
    temperature,
    seed: 1000 + seed,
    gold: warmStoryGold,
  });
  const { gold, goldSpread, kl, repeated2, samples } = measured;
  return { gold, goldSpread, kl, repeated2, sample: `${samples[0]?.prompt ?? ''}${samples[0]?.answer ?? ''}` };
}

/** Proxy and PPO of one seed; both variants learn from the same proxy. */
export async function* runSeed(world: World, seed: number, wanted: readonly Variant[]): AsyncGenerator<PolicyRun> {
  const { engine, files, prompts, tokenizer } = world;
  const proxy = await trainProxy(world, seed);
  const before = await measure(world, files.weights, seed);
  for (const variant of wanted) {
    const started = performance.now();
    const policy = createLanguageModel(engine, files);
    const held = createLanguageModel(engine, files);
    const reference = referenceModel(held);
    const value = createScalarModel(engine, proxy.weights, { headSeed: seed });
    const score = createRewardScorer({ engine, model: proxy.model, normalisation: proxy.trained.normalisation });
    const curve: CurvePoint[] = [];
    const training = trainPpo({
      engine,
      policy,
      reference,
      value,
      // the gold is shown beside the reward and learnt from by nobody
      reward: (answers) => ({
        total: score(answers),
        parts: { gold: answers.map(({ response }) => warmStoryGold.score(tokenizer.decode(response))) },
      }),
      prompts: prompts.map((prompt) => ({ promptId: prompt, tokens: tokenizer.encode(prompt, { bos: true }) })),
      tokenizer,
      startsAtReference: true,
      config: ppoConfig.parse({
        ...trainingPresets.small.policy,
        maxNewTokens,
        temperature,
        seed,
        samplePrompts: 0,
        checkpointEvery: 10_000,
        ...variants[variant],
      }),
      signal: new AbortController().signal,
    });
    for await (const { metrics, step } of training) {
      curve.push({
        step,
        proxy: metrics['reward/score'] ?? Number.NaN,
        gold: metrics['reward/part/gold'] ?? Number.NaN,
        kl: metrics['policy/kl'] ?? Number.NaN,
      });
    }
    const after = await measure(world, new Map(Object.entries(policy.exportWeights())), seed);
    for (const model of [reference, policy, held, value]) model.dispose();
    const accuracy = proxy.trained.validation?.accuracy;
    const proxyAccuracy = accuracy?.defined ? accuracy.value : null;
    yield { seed, variant, proxyAccuracy, before, after, curve, seconds: (performance.now() - started) / 1000 };
  }
  proxy.model.dispose();
}
