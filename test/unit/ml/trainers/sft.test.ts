import { beforeAll, describe, expect, test } from 'vitest';
import type { TensorData } from '#lib/formats/safetensors';
import { createEngine } from '#lib/ml/engine/create-engine';
import type { Engine } from '#lib/ml/engine/engine';
import { nativeEnvironment } from '#lib/ml/engine/native-binding';
import { addAdapter } from '#lib/ml/nn/adapt-model';
import { createLanguageModel, type LanguageModel } from '#lib/ml/nn/language-model';
import { loraConfig } from '#lib/ml/nn/lora';
import { loadTokenizer } from '#lib/ml/tokenizers/tokenizer';
import { type SftResult, trainSft } from '#lib/ml/trainers/sft';
import { layExamples, planSft } from '#lib/ml/trainers/sft-batches';
import { type SftConfig, sftConfig } from '#lib/ml/trainers/sft-config';
import type { CheckpointData, StepMetrics } from '#lib/ml/trainers/trainer';
import type { Episode, RewardScorer, SftExample } from '#lib/ml/training/examples';
import { createLanguageModelStep, languageModelStepConfig } from '#lib/ml/training/language-model-step';
import { readStories, storiesFolder, storiesModel } from '../../../support/stories260k';
import { configs, randomTokens, randomWeights } from '../training/training-model';
import { numberTokenizer } from './tiny-model';

Object.assign(process.env, nativeEnvironment(2));

/** A prompt of a third of the tokens, then what is learnt. */
function example(seed: number, length: number, change: Partial<SftExample> = {}): SftExample {
  const weights = Array.from({ length }, (_, index) => (index * 3 >= length ? 1 : 0));
  return {
    exampleId: `e${seed}`,
    split: 'TRAIN',
    task: 'default',
    text: { prefix: { tokens: randomTokens(seed, length), weights } },
    ...change,
  };
}

const lengths = [9, 30, 17, 5, 12, 24, 8, 21];
const train = lengths.map((length, seed) => example(seed, length));
const validation = lengths.slice(0, 4).map((length, seed) => example(seed + 50, length, { split: 'VALIDATION' }));
const defaults = { batchSize: 4, epochs: 2, learningRate: 1e-2, schedule: { kind: 'constant' }, maxNewTokens: 6, rewardPrompts: 4 };
const configOf = (change: object = {}) => sftConfig.parse({ ...defaults, ...change });

interface Run {
  readonly rows: StepMetrics[];
  readonly result: SftResult;
  readonly weights: Map<string, Float32Array>;
}

describe('supervised fine-tuning', () => {
  let native: Engine;
  /** Where it makes no difference: it records no graphs. */
  let engine: Engine;
  beforeAll(async () => {
    native = await createEngine({ backend: 'native', threads: 2 });
    engine = await createEngine({ backend: 'wasm' });
  }, 60_000);

  const fresh = (by = engine) => createLanguageModel(by, randomWeights(configs.llama, 3));

  async function run(
    config: SftConfig,
    options: {
      by?: Engine;
      data?: readonly SftExample[];
      state?: CheckpointData;
      stopAfter?: number;
      model?: LanguageModel;
      reward?: RewardScorer;
    } = {},
  ): Promise<Run> {
    const { by = engine, data = [...train, ...validation], stopAfter = Number.POSITIVE_INFINITY, model = fresh(by), ...rest } = options;
    const { signal } = new AbortController();
    const training = trainSft({ engine: by, model, tokenizer: numberTokenizer, data, config, signal, ...rest });
    const rows: StepMetrics[] = [];
    let result: SftResult = { steps: 0, bestStep: 0, validation: null };
    while (rows.length < stopAfter) {
      const next = await training.next();
      if (next.done) {
        result = next.value;
        break;
      }
      rows.push(next.value);
    }
    await training.return(result);
    const weights = new Map([...model.trunk.trainable].map(([name, parameter]) => [name, parameter.values()] as const));
    if (!options.model) model.dispose();
    return { rows, result, weights };
  }

  const differenceOf = (a: Run, b: Run) =>
    Math.max(
      ...[...a.weights].map(([name, values]) =>
        values.reduce((most, value, at) => Math.max(most, Math.abs(value - (b.weights.get(name)?.[at] ?? Number.NaN))), 0),
      ),
    );
  const lossesOf = ({ rows }: Run) => rows.map(({ metrics }) => metrics['train/loss'] ?? Number.NaN);

  test('accumulation 1 x 8 is batch 8, packed is unpacked: losses and weights within 1e-5', async () => {
    // so large an epsilon that updates are in proportion to gradients
    const change = { samplePrompts: 0, batchSize: 8, epochs: 2, epsilon: 1, learningRate: 0.3, maxGradientNorm: 1e9, keep: 'last' };
    const whole = await run(configOf(change), { by: native });
    for (const other of [{ microbatchSize: 1 }, { packing: true }, { packing: true, microbatchSize: 4 }]) {
      const cut = await run(configOf({ ...change, ...other }), { by: native });
      lossesOf(cut).forEach((loss, step) => {
        expect(Math.abs(loss - (lossesOf(whole)[step] ?? Number.NaN)), JSON.stringify(other)).toBeLessThan(1e-5);
      });
      expect(differenceOf(cut, whole), JSON.stringify(other)).toBeLessThan(1e-5);
    }
    expect(lossesOf(whole)[1]).toBeLessThan((lossesOf(whole)[0] ?? 0) - 0.01);
  });

  test('the first loss is the token mean over the whole batch, and packing saves rows', async () => {
    const config = configOf({ batchSize: 8, epochs: 1 });
    const model = fresh();
    const step = createLanguageModelStep({ engine, model, config: languageModelStepConfig.parse({ totalSteps: 1 }) });
    let nll = 0;
    let tokens = 0;
    for (const each of train) {
      const [laid] = layExamples([each], 1, { padId: 0, contextLength: 48, packedLength: null });
      const alone = step.evaluate([laid!.rows]);
      nll += alone.loss * alone.tokens;
      tokens += alone.tokens;
      expect(laid?.tasks.length).toBe(alone.tokens);
    }
    step.dispose();
    model.dispose();
    const { rows } = await run(config);
    expect(rows[0]?.metrics['train/loss']).toBeCloseTo(nll / tokens, 5);
    expect(rows[0]?.metrics['train/tokens']).toBe(tokens);
    const packed = layExamples(train, 8, { padId: 0, contextLength: 48, packedLength: 32 });
    expect(packed.map(({ rows: { batch, time } }) => [batch, time])).toEqual([[5, 32]]);
    expect(layExamples(train, 3, { padId: 0, contextLength: 48, packedLength: null }).map(({ rows: { time } }) => time)).toEqual([
      32, 32, 16,
    ]);
  });

  test('a run that was stopped anywhere and resumed gives the same bits', async () => {
    const config = configOf({
      epochs: 3,
      checkpointEvery: 1,
      evaluateEvery: 2,
      weightDecay: 0.01,
      schedule: { kind: 'cosine', warmup: 0.2, floor: 0.1 },
      microbatchSize: 3,
      packing: true,
    });
    const straight = await run(config, { by: native });
    expect(straight.rows.length).toBe(6);
    expect((await run(config, { by: native })).weights).toEqual(straight.weights);
    for (const stopAfter of [1, 2, 5, 6]) {
      const first = await run(config, { by: native, stopAfter });
      const resumed = await run(config, { by: native, state: first.rows.at(-1)!.checkpoint! });
      expect(resumed.weights, `after ${stopAfter}`).toEqual(straight.weights);
      expect(resumed.result).toEqual(straight.result);
      const metrics = [...first.rows, ...resumed.rows].map((row) => [row.step, row.metrics, row.samples]);
      expect(metrics).toEqual(straight.rows.map((row) => [row.step, row.metrics, row.samples]));
    }
  });

  test('a checkpoint of another run is refused', async () => {
    const { rows } = await run(configOf({ checkpointEvery: 1 }), { stopAfter: 1 });
    const state = rows[0]!.checkpoint!;
    await expect(run(configOf({ learningRate: 1 }), { state })).rejects.toThrow('other settings or other data');
    await expect(run(configOf(), { state, data: train })).rejects.toThrow('other settings or other data');
    await expect(run(configOf(), { state: { ...state, json: { kind: 'ppo' } } })).rejects.toThrow('not one of a supervised');
    // how often checkpoints are kept may change
    expect((await run(configOf({ checkpointEvery: 7 }), { state })).rows.length).toBe(3);
  });

  test('an adapter is trained and the model stays as it is', async () => {
    const model = fresh();
    const before = new Map([...model.parameters].map(([name, parameter]) => [name, parameter.values()]));
    addAdapter(model, loraConfig.parse({ rank: 4 }), 1);
    const { rows } = await run(configOf({ epochs: 8 }), { model });
    expect(rows.at(-1)?.metrics['train/loss']).toBeLessThan((rows[0]?.metrics['train/loss'] ?? 0) - 0.1);
    expect(new Map([...model.parameters].map(([name, parameter]) => [name, parameter.values()]))).toEqual(before);
    model.dispose();
  });

  test('keeps the weights of lowest validation loss and stops when it does not fall any more', async () => {
    const config = configOf({ epochs: 40, learningRate: 0.05, evaluateEvery: 1, patience: 3, samplePrompts: 0 });
    const { result, rows, weights } = await run(config);
    const found = rows.map(({ metrics }) => metrics['validation/loss'] ?? Number.NaN);
    const best = found.indexOf(Math.min(...found));
    expect(result.bestStep).toBe(best + 1);
    expect(rows.length).toBe(best + 1 + 3);
    expect(rows.length).toBeLessThan(80);
    expect(rows.at(-1)?.checkpoint).toBeDefined();
    expect(result.validation).toEqual({ loss: found[best], perplexity: Math.exp(found[best]!), reward: null });
    // what is left are those weights
    const again = await run(configOf({ ...config, epochs: 40, patience: null }), { stopAfter: best + 1 });
    expect(weights).toEqual(again.weights);
  });

  test('keeps the weights whose answers a reward likes best, whatever their loss', async () => {
    // whatever the answers are, the second evaluation is liked best; the loss says otherwise
    const liked = [1, 4, 2, 3, 0, 3, 1];
    let evaluations = 0;
    const reward: RewardScorer = (answers: readonly Episode[]) => {
      evaluations += 1;
      return { total: answers.map((_, index) => (liked[evaluations - 1] ?? 9) + (index % 2 === 0 ? 0.5 : -0.5)) };
    };
    const config = configOf({ epochs: 6, evaluateEvery: 1, keep: 'reward', patience: 5, temperature: 0 });
    const { result, rows } = await run(config, { reward });
    expect(rows.map(({ metrics }) => metrics['validation/reward'])).toEqual(liked);
    const losses = rows.map(({ metrics }) => metrics['validation/loss'] ?? Number.NaN);
    expect(losses.indexOf(Math.min(...losses))).not.toBe(1);
    expect([result.steps, result.bestStep, result.validation?.reward]).toEqual([7, 2, 4]);
    expect(rows[0]?.samples?.map(({ promptId, scores }) => [promptId, Object.keys(scores)])).toEqual(
      rows[1]?.samples?.map(({ promptId, scores }) => [promptId, Object.keys(scores)]),
    );
    expect(rows[0]?.samples?.length).toBe(4);
    await expect(run(config)).rejects.toThrow('give a reward');
    await expect(run({ ...config, patience: null }, { reward, data: train })).rejects.toThrow(
      'validation examples with prompts are needed',
    );
    await expect(run(config, { reward: () => ({ total: [1, 2, Number.NaN, 4] }) })).rejects.toThrow('The reward of answer 3 of 4 is NaN');
  });

  test('tasks are drawn in their proportions, exactly, and every example of a task before any comes again', () => {
    const data = lengths.flatMap((length, seed) => [
      example(seed, length, { task: 'a', exampleId: `a${seed}` }),
      ...(seed < 3 ? [example(seed + 20, length, { task: 'b', exampleId: `b${seed}` })] : []),
    ]);
    const config = configOf({ tasks: { a: 1, b: 3 }, steps: 25 });
    const plan = planSft(data, config);
    const drawn = Array.from({ length: plan.totalSteps }, (_, step) => plan.batch(step)).flat();
    expect(drawn.length).toBe(100);
    drawn.forEach((_, index) => {
      const taken = drawn.slice(0, index + 1).filter(({ task }) => task === 'b').length;
      expect(Math.abs(taken - 0.75 * (index + 1))).toBeLessThanOrEqual(1);
    });
    const ofB = drawn.filter(({ task }) => task === 'b').map(({ exampleId }) => exampleId);
    for (let pass = 0; pass < 25; pass += 1) expect(ofB.slice(3 * pass, 3 * pass + 3).sort()).toEqual(['b0', 'b1', 'b2']);
    expect(new Set(Array.from({ length: 25 }, (_, pass) => ofB.slice(3 * pass, 3 * pass + 3).join())).size).toBeGreaterThan(2);
    // any update by itself
    expect(planSft(data, config).batch(17)).toEqual(plan.batch(17));
    expect(planSft(data, configOf({ tasks: { a: 1, b: 3 }, steps: 25, seed: 2 })).batch(17)).not.toEqual(plan.batch(17));
    expect(() => planSft(data, configOf({ tasks: { a: 1 } }))).toThrow('Task "b" has no weight.');
    expect(() => planSft(data, configOf({ tasks: { a: 1, b: 1, c: 1 } }))).toThrow('No training example is of the task "c".');
  });

  test('reports the loss of each task; together they are the loss', async () => {
    const data = [...train, ...validation].map((each, index) => ({ ...each, task: index % 2 === 0 ? 'even' : 'odd' }));
    const { rows } = await run(configOf({ batchSize: 8, epochs: 1 }), { data });
    const { metrics } = rows[0]!;
    const tokens = (task: string) =>
      data
        .filter((each) => each.split === 'TRAIN' && each.task === task)
        .reduce((sum, { text }) => sum + text.prefix.weights!.slice(1).filter((weight) => weight > 0).length, 0);
    const mean =
      (metrics['train/taskLoss/even']! * tokens('even') + metrics['train/taskLoss/odd']! * tokens('odd')) /
      (tokens('even') + tokens('odd'));
    expect(mean).toBeCloseTo(metrics['train/loss']!, 5);
    expect(
      Object.keys(metrics)
        .filter((name) => name.startsWith('validation/'))
        .sort(),
    ).toEqual(['validation/loss', 'validation/perplexity', 'validation/taskLoss/even', 'validation/taskLoss/odd']);
  });

  test('every example once an epoch, without a leak', async () => {
    const config = configOf({ batchSize: 3, epochs: 2 });
    const plan = planSft(train, config);
    expect([plan.totalSteps, plan.epochSteps]).toEqual([6, 3]);
    const epoch = (first: number) => [0, 1, 2].flatMap((step) => plan.batch(first + step).map(({ exampleId }) => exampleId));
    expect(epoch(0).toSorted()).toEqual(train.map(({ exampleId }) => exampleId));
    expect(epoch(3).toSorted()).toEqual(train.map(({ exampleId }) => exampleId));
    expect(epoch(3)).not.toEqual(epoch(0));
    await run(config);
    const count = engine.tensorCount();
    await run(config);
    expect(engine.tensorCount()).toBe(count);
    await expect(run(configOf({ patience: 1 }), { data: train })).rejects.toThrow('nothing says what is better');
    await expect(run(configOf({ patience: 1, keep: 'last' }))).rejects.toThrow('nothing says what is better');
    await expect(run(config, { data: validation })).rejects.toThrow('no example in the training split');
  });

  test('a loss that is not finite stops the run before anything changes', async () => {
    const model = fresh();
    const norm = model.parameters.get('model.norm.weight')!;
    norm.assign(norm.values().fill(Number.NaN));
    await expect(run(configOf(), { model })).rejects.toMatchObject({ code: 'INVARIANT', details: { check: 'finite-loss' } });
    model.dispose();
  });

  test('a cancel is heard between two steps', async () => {
    const controller = new AbortController();
    const model = fresh();
    const training = trainSft({
      engine,
      model,
      tokenizer: numberTokenizer,
      data: train,
      config: configOf({ samplePrompts: 0 }),
      signal: controller.signal,
    });
    await training.next();
    controller.abort();
    await expect(training.next()).rejects.toMatchObject({ code: 'CANCELLED' });
    model.dispose();
  });

  test.skipIf(!storiesFolder)('learns real stories (needs PLUMBLINE_TEST_DATA)', async () => {
    const files = storiesModel();
    const model = createLanguageModel(native, files);
    const tokenizer = loadTokenizer(files.tokenizerJson, 'tok512', files.config);
    const { stories } = JSON.parse(readStories('story_nll.json').toString('utf8')) as { stories: { text: string }[] };
    const data = stories.map(({ text }, index): SftExample => {
      const tokens = tokenizer.encode(text, { bos: true }).slice(0, 160);
      return { exampleId: `s${index}`, split: index < 4 ? 'TRAIN' : 'VALIDATION', task: 'stories', text: { prefix: { tokens } } };
    });
    const config = sftConfig.parse({ batchSize: 4, epochs: 8, learningRate: 1e-3, samplePrompts: 0, packing: true });
    const tensors: (Record<string, TensorData> | undefined)[] = [];
    const losses: number[] = [];
    for await (const { checkpoint, metrics } of trainSft({
      engine: native,
      model,
      tokenizer,
      data,
      config,
      signal: new AbortController().signal,
    })) {
      losses.push(metrics['train/loss'] ?? Number.NaN);
      tensors.push(checkpoint?.tensors);
    }
    expect(losses[0]).toBeGreaterThan(1.1);
    expect(losses[0]).toBeLessThan(1.5);
    expect(losses.at(-1)).toBeLessThan((losses[0] ?? 0) - 0.4);
    expect(Object.keys(tensors.at(-1) ?? {}).some((name) => name.startsWith('best.'))).toBe(true);
    model.dispose();
  });
});
