import type { Tensor } from '#lib/ml/engine/engine';
import { attendFully, type CausalMasks, hiddenScore } from '#lib/ml/nn/full-attention';
import type { Attend, Trunk } from '#lib/ml/nn/trunk';
import type { SlotCaches } from './slot-caches';

/** A prompt and the slots that go on with it. */
export interface PlacedPrompt {
  readonly tokens: readonly number[];
  readonly slots: readonly number[];
}

/** Prompts are padded to a multiple of this. */
const timeBucket = 16;

function paddedTime(length: number, contextLength: number): number {
  return Math.min(contextLength, Math.ceil(length / timeBucket) * timeBucket);
}

/**
 * Prompts in groups that are read in one pass each: of similar length, since rows are padded to the longest, and of at most `tokens`
 * tokens with their padding, or one prompt that is longer. Indices into `prompts`.
 */
export function planPasses(prompts: readonly PlacedPrompt[], contextLength: number, tokens: number): number[][] {
  const time = (index: number) => paddedTime(prompts[index]?.tokens.length ?? 0, contextLength);
  const order = prompts.map((_, index) => index).sort((a, b) => time(b) - time(a) || a - b);
  const passes: number[][] = [];
  let longest = 0;
  for (const index of order) {
    const open = passes.at(-1);
    // the first of a pass is its longest; a row of less than half of that would be mostly padding
    if (open && (open.length + 1) * longest <= tokens && time(index) * 2 > longest) open.push(index);
    else {
      passes.push([index]);
      longest = time(index);
    }
  }
  return passes;
}

/** For positions `begin` to `end` of every prompt: rows of the pass's keys `[groups * prompts * time]`, and cache rows that they go to. */
function copyPlan(caches: SlotCaches, groups: number, prompts: readonly PlacedPrompt[], time: number, begin: number, end: number) {
  const from: number[] = [];
  const to: number[] = [];
  for (let group = 0; group < groups; group += 1) {
    prompts.forEach((prompt, row) => {
      const last = Math.min(end, prompt.tokens.length);
      for (const slot of prompt.slots) {
        for (let position = begin; position < last; position += 1) {
          from.push((group * prompts.length + row) * time + position - begin);
          to.push(caches.row(group, slot, position));
        }
      }
    });
  }
  return { from, to };
}

/** Writes the keys and values of a pass into the caches before `attend` looks at them. */
function writing(trunk: Trunk, caches: SlotCaches, plan: { from: readonly number[]; to: readonly number[] }, attend: Attend): Attend {
  const { config, engine } = trunk;
  const from = engine.int(plan.from, [plan.from.length]);
  const to = engine.int(plan.to, [plan.to.length]);
  return (layer, queries, keys, values) => {
    const cache = caches.of(layer);
    const [, batch = 0, time = 0] = keys.shape;
    // [groups, batch, time, headSize] -> [groups * batch * time, headSize]
    const flat = (tensor: Tensor) => engine.reshape(tensor, [config.keyValueHeads * batch * time, config.headSize]);
    engine.cacheWrite(cache.keys, to, engine.gatherRows(flat(keys), from));
    engine.cacheWrite(cache.values, to, engine.gatherRows(flat(values), from));
    return attend(layer, queries, keys, values);
  };
}

/** Reads whole prompts in one pass, into all their slots. The hidden state of each prompt's last token: `[prompts, hiddenSize]`. */
export function readPrompts(trunk: Trunk, caches: SlotCaches, masks: CausalMasks, prompts: readonly PlacedPrompt[]): Tensor {
  const { config, engine } = trunk;
  const time = paddedTime(
    prompts.reduce((most, { tokens }) => Math.max(most, tokens.length), 0),
    config.contextLength,
  );
  const tokens = new Int32Array(prompts.length * time);
  prompts.forEach((prompt, row) => {
    tokens.set(prompt.tokens, row * time);
  });
  return engine.tidy(() => {
    const plan = copyPlan(caches, config.keyValueHeads, prompts, time, 0, time);
    const hidden = trunk.forward({
      tokens: engine.int(tokens, [tokens.length]),
      positions: engine.int(
        Int32Array.from(tokens, (_, index) => index % time),
        [tokens.length],
      ),
      batch: prompts.length,
      time,
      attend: writing(trunk, caches, plan, attendFully(engine, masks.of(time))),
    });
    const lastRows = prompts.map((prompt, row) => row * time + prompt.tokens.length - 1);
    return engine.gatherRows(hidden, engine.int(lastRows, [prompts.length]));
  });
}

/**
 * Reads tokens `begin` to `end` of one prompt whose earlier ones are in its slots already, so that a long prompt never needs the scores of
 * all its positions at once. The hidden state of the last of them: `[1, hiddenSize]`.
 */
export function readPart(trunk: Trunk, caches: SlotCaches, prompt: PlacedPrompt, begin: number, end: number): Tensor {
  const { config, engine } = trunk;
  const { headSize, keyValueHeads } = config;
  const time = end - begin;
  const mask = new Float32Array(time * end);
  for (let row = 0; row < time; row += 1) mask.fill(hiddenScore, row * end + begin + row + 1, (row + 1) * end);
  const slot = prompt.slots[0] ?? 0;
  const seenRows = Array.from({ length: keyValueHeads }, (_, group) =>
    Array.from({ length: end }, (_, position) => caches.row(group, slot, position)),
  ).flat();
  return engine.tidy(() => {
    const seen = engine.int(seenRows, [seenRows.length]);
    const attend = attendFully(engine, engine.float(mask, [time, end]));
    // [groups * end, headSize] -> [groups, 1, end, headSize]
    const all = (cache: Tensor) => engine.reshape(engine.gatherRows(cache, seen), [keyValueHeads, 1, end, headSize]);
    const fromCache: Attend = (layer, queries) => {
      const cache = caches.of(layer);
      return attend(layer, queries, all(cache.keys), all(cache.values));
    };
    const hidden = trunk.forward({
      tokens: engine.int(prompt.tokens.slice(begin, end), [time]),
      positions: engine.int(
        Array.from({ length: time }, (_, index) => begin + index),
        [time],
      ),
      batch: 1,
      time,
      attend: writing(trunk, caches, copyPlan(caches, keyValueHeads, [prompt], time, begin, end), fromCache),
    });
    return engine.gatherRows(hidden, engine.int([time - 1], [1]));
  });
}
