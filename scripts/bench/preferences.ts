/**
 * How well reward models learn what people prefer, on the 260K-parameter stories model: `npm run bench:preferences -- --data DIR`, the folder with
 * stories260k, ukpconvarg1 and hh-rlhf. Prints one JSON line a model.
 *
 *   --only pairs,topics,annotators,replies   what to run (all)
 *   --members N                              members of the ensemble on pairs (4)
 *   --labels TEXT                            of topics and annotators, those whose name contains this
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { createRandom } from '#lib/domain/random';
import { AppError } from '#lib/errors';
import { reportReward } from '#lib/ml/evaluation/reward-report';
import { combineMembers, createRewardScorer } from '#lib/ml/evaluation/reward-scorer';
import { convertLlama2c } from '#lib/ml/models/convert-llama2c';
import { createScalarModel } from '#lib/ml/nn/language-model';
import { loadTokenizer } from '#lib/ml/tokenizers/tokenizer';
import { trainReward } from '#lib/ml/trainers/reward';
import { rewardConfig } from '#lib/ml/trainers/reward-config';
import { memberSeed } from '#lib/ml/trainers/reward-heads';
import { judgedPairs, type RankedPrompt } from '#lib/ml/trainers/reward-pairs';
import { benchEngine } from './bench-engine';
import {
  agreementWeights,
  isHeldOutPair,
  isHeldOutPrompt,
  readArguments,
  readCompetence,
  readReplies,
  type TextPair,
  type TextPrompt,
  textTokens,
  toBlocks,
  toPrompts,
  unseenTopics,
} from './preferences-data';

const { values } = parseArgs({
  options: { data: { type: 'string' }, only: { type: 'string' }, members: { type: 'string', default: '4' }, labels: { type: 'string' } },
});
const data = values.data ?? process.env.PLUMBLINE_TEST_DATA;
if (!data) throw new AppError('BAD_INPUT', 'Name the folder of the data: --data DIR.');
const only = values.only?.split(',');
const wanted = (name: string) => only?.includes(name) ?? true;

const stories = (file: string) => readFileSync(path.join(data, 'stories260k', file));
const base = convertLlama2c({
  weights: stories('stories260K.bin'),
  tokenizer: stories('tok512.bin'),
  weightsSource: 'stories260K.bin',
  tokenizerSource: 'tok512.bin',
});
const tokenizer = loadTokenizer(base.tokenizerJson, 'stories260k', base.config);
const engine = await benchEngine();

/**
 * Settings for a model this small: 200 times InstructGPT's learning rate. Label smoothing and weight decay hold it back where pairs repeat the same few
 * hundred texts; one group of texts an update, so that each text is computed once for all of its pairs.
 */
const settings = {
  batchSize: 1,
  learningRate: 2e-3,
  schedule: { kind: 'cosine', warmup: 0.05, floor: 0.1 },
  weightDecay: 0.1,
  labelSmoothing: 0.05,
  centering: 0,
  checkpointEvery: 1_000_000,
  samplePrompts: 0,
} as const;

/** Trains and scores the answers of `test`: one array a prompt, normalised. */
async function learn(train: readonly RankedPrompt[], test: readonly TextPrompt[], seed: number, config: object) {
  const model = createScalarModel(engine, base, { headSeed: seed });
  try {
    const full = rewardConfig.parse({ ...settings, ...config, seed });
    const training = trainReward({ engine, model, tokenizer, data: train, config: full, signal: new AbortController().signal });
    let next = await training.next();
    while (!next.done) {
      const { metrics, step, totalSteps } = next.value;
      if (step % 20 === 0) console.error(`seed ${seed}: ${step} of ${totalSteps}, loss ${metrics['train/loss']?.toFixed(4)}`);
      next = await training.next();
    }
    const score = createRewardScorer({ engine, model, normalisation: next.value.normalisation, batchSize: 16 });
    const scores = test.map(({ prompt, responses }) => score(responses.map(({ tokens }) => ({ prompt, response: tokens }))));
    return { scores, result: next.value };
  } finally {
    model.dispose();
  }
}

const rounded = (value: number | null) => (value === null ? null : Math.round(value * 1e4) / 1e4);

/** Lengths are characters, as in the length rule of the literature on this corpus. */
function print(name: string, test: readonly TextPrompt[], scores: readonly (readonly number[])[], more: object): void {
  const rankings = test.map((prompt, index) => ({
    promptId: prompt.promptId,
    scores: scores[index] ?? [],
    lengths: prompt.texts.map(({ length }) => length),
    pairs: judgedPairs(prompt),
  }));
  const report = reportReward(rankings, createRandom(1, 'preferences'));
  const { lengthMatched } = report;
  console.log(
    JSON.stringify({
      model: name,
      accuracy: rounded(report.accuracy),
      low: rounded(report.low),
      high: rounded(report.high),
      n: report.n,
      prompts: report.prompts,
      lengthRule: rounded(report.lengthBaseline),
      lengthMatched: lengthMatched.defined ? rounded(lengthMatched.value) : null,
      calibratedEce: rounded(report.calibratedEce),
      beatsLength: report.beatsLength,
      verdict: report.verdict,
      ...more,
    }),
  );
}

const seconds = (since: number) => Math.round((performance.now() - since) / 1000);

/** Unseen pairs of arguments that were seen in other pairs: what a model of one number an argument could reach is .938. */
async function onPairs(): Promise<void> {
  const tokens = textTokens(tokenizer, 256);
  const pairs = readArguments(data as string, 'strict');
  const test = toPrompts(pairs.filter(isHeldOutPair), 'TEST', tokens);
  const training = pairs.filter((pair) => !isHeldOutPair(pair));
  const members: number[][] = [];
  for (let index = 0; index < Number(values.members); index += 1) {
    const since = performance.now();
    const seed = memberSeed(1, index);
    const { scores } = await learn(toBlocks(training, seed, tokens), test, seed, { epochs: 6 });
    members.push(scores.flat());
    print(`pairs, seed ${seed}`, test, scores, { trainPairs: training.length, shortened: tokens.shortened(), seconds: seconds(since) });
    if (index === 0) continue;
    const { spread, total } = combineMembers(members, { kind: 'mean' });
    let at = 0;
    const cut = test.map(({ texts }) => {
      at += texts.length;
      return total.slice(at - texts.length, at);
    });
    print(`pairs, ensemble of ${index + 1}`, test, cut, { spread: rounded(spread.reduce((sum, value) => sum + value, 0) / spread.length) });
  }
}

/** Of the seen topics one is held back, and the epoch that does best on it is kept. */
const validationTopic = 'christianity-or-atheism';
const unseenConfig = { epochs: 4, patience: 2, learningRate: 1e-3 };

function topicData(pairs: readonly TextPair[], tokens: ReturnType<typeof textTokens>): RankedPrompt[] {
  const seen = pairs.filter(({ topic }) => !unseenTopics.includes(topic));
  const validation = toPrompts(
    seen.filter(({ topic }) => topic === validationTopic),
    'VALIDATION',
    tokens,
  );
  const train = toPrompts(
    seen.filter(({ topic }) => topic !== validationTopic),
    'TRAIN',
    tokens,
  );
  return [...train, ...validation];
}

/** Strict pairs of three unseen topics. */
function unseenTest(tokens: ReturnType<typeof textTokens>): TextPrompt[] {
  const strict = readArguments(data as string, 'strict');
  return toPrompts(
    strict.filter(({ topic }) => unseenTopics.includes(topic)),
    'TEST',
    tokens,
  );
}

async function onTopics(name: string, labels: 'strict' | 'single' | 'majority', config: object): Promise<void> {
  if (values.labels !== undefined && !name.includes(values.labels)) return;
  const tokens = textTokens(tokenizer, 256);
  const since = performance.now();
  const test = unseenTest(tokens);
  const { result, scores } = await learn(topicData(readArguments(data as string, labels), tokens), test, 1, { ...unseenConfig, ...config });
  const learned = result.terms?.annotators.flatMap(({ accuracy }) => accuracy ?? []) ?? [];
  print(`topics, ${name}`, test, scores, {
    bestEpoch: result.bestEpoch,
    ...(learned.length > 0
      ? { annotators: learned.length, meanAccuracy: rounded(learned.reduce((sum, value) => sum + value, 0) / learned.length) }
      : {}),
    seconds: seconds(since),
  });
}

async function onReplies(): Promise<void> {
  const tokens = textTokens(tokenizer, 192);
  const since = performance.now();
  const pairs = readReplies(data as string);
  const test = toPrompts(pairs.filter(isHeldOutPrompt), 'TEST', tokens);
  const train = toPrompts(
    pairs.filter((pair) => !isHeldOutPrompt(pair)),
    'TRAIN',
    tokens,
  );
  const { scores } = await learn(train, test, 1, { epochs: 1, batchSize: 32, learningRate: 1e-3, labelSmoothing: 0, weightDecay: 0.01 });
  print('replies (hh-rlhf)', test, scores, { trainPairs: train.length, shortened: tokens.shortened(), seconds: seconds(since) });
}

if (wanted('pairs')) await onPairs();
if (wanted('topics')) await onTopics('labels of the corpus', 'strict', {});
if (wanted('annotators')) {
  await onTopics('majority vote', 'majority', {});
  await onTopics('single judgements', 'single', {});
  const seen = readArguments(data, 'single').filter(({ topic }) => !unseenTopics.includes(topic));
  await onTopics('single judgements, weighted by agreement on seen topics', 'single', { annotatorWeights: agreementWeights(seen) });
  await onTopics('single judgements, weighted by published competence', 'single', { annotatorWeights: readCompetence(data) });
  await onTopics('single judgements, accuracy learned', 'single', { terms: { accuracy: true } });
}
if (wanted('replies')) await onReplies();
process.exit(0);
