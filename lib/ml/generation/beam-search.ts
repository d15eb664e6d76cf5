import { AppError } from '#lib/errors';
import type { Engine } from '#lib/ml/engine/engine';
import type { LanguageModel } from '#lib/ml/nn/language-model';
import { Decoder, idleToken } from './decoder';
import { planDecoding } from './decoding-memory';
import { checkPrompts, createTurns } from './generate';
import type { Prediction, TokenWeights } from './prediction';
import type { SlotCopy } from './slot-caches';

export interface BeamSearchOptions {
  readonly engine: Engine;
  readonly model: LanguageModel;
  /** Token ids of each prompt, BOS first; none empty. */
  readonly prompts: readonly (readonly number[])[];
  /** What a prompt is called in messages. */
  readonly promptKeys: readonly (string | number)[];
  readonly beams: number;
  /** Rows decoded together: several prompts with all their beams. Default: one prompt. */
  readonly batchSize?: number;
  /** Sequences given a prompt, at most `beams`. Default: 1. */
  readonly returned?: number;
  readonly maxNewTokens: number;
  /** A finished sequence's score is its log-probability divided by length ** lengthPenalty, the end token counted. Default: 1. */
  readonly lengthPenalty?: number;
  /**
   * `true`: a prompt is done with its first `beams` finished sequences. `false`: where the best running one, scored at its length now, is
   * worse than the worst finished one. `never`: where no running one can become better. Default: false.
   */
  readonly earlyStopping?: boolean | 'never';
  readonly stopIds: readonly number[];
  /** Default: the engine's limit. */
  readonly memoryLimitBytes?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: { readonly finished: number; readonly total: number; readonly tokens: number }) => void;
}

export interface BeamSequence {
  /** The new tokens; the stop token is the last one where there is one. */
  readonly tokenIds: readonly number[];
  /** Sum of the log-probabilities. */
  readonly logProb: number;
  /** What sequences are ordered by. */
  readonly score: number;
  readonly finishReason: 'eos' | 'length';
}

interface Beam {
  readonly tokenIds: readonly number[];
  readonly logProb: number;
  /** Slot that holds its cache. */
  readonly slot: number;
}

interface Candidate {
  readonly parent: Beam;
  readonly token: number;
  readonly logProb: number;
}

/** The `count` most probable continuations of all beams together, best first; equal ones by beam and id. */
function bestContinuations(beams: readonly Beam[], prediction: TokenWeights, rowOf: (slot: number) => number, count: number): Candidate[] {
  const { highest, logits, totals } = prediction;
  if (!logits) throw new AppError('INTERNAL', 'Beam search needs logits.');
  const vocabulary = logits.length / totals.length;
  const best: Candidate[] = [];
  let least = Number.NEGATIVE_INFINITY;
  for (const parent of beams) {
    const row = rowOf(parent.slot);
    const constant = parent.logProb - (highest[row] as number) - Math.log(totals[row] as number);
    if (!Number.isFinite(constant)) {
      throw new AppError('INVARIANT', "The model's logits are not finite.", {
        details: { check: 'finite-logits' },
        remedy: 'The weights have diverged: go back to an earlier checkpoint.',
      });
    }
    for (let token = 0; token < vocabulary; token += 1) {
      const logProb = constant + (logits[row * vocabulary + token] as number);
      if (best.length === count && logProb <= least) continue;
      // few survive: an insertion from the end is short
      let at = best.length;
      while (at > 0 && (best[at - 1] as Candidate).logProb < logProb) at -= 1;
      best.splice(at, 0, { parent, token, logProb });
      if (best.length > count) best.pop();
      if (best.length === count) least = (best.at(-1) as Candidate).logProb;
    }
  }
  return best;
}

/** The search for one prompt: as `generate(num_beams=...)` of Hugging Face transformers 4.57 for one prompt alone. */
class Search {
  private running: readonly Beam[];
  private finished: BeamSequence[] = [];
  private length = 0;
  done = false;

  constructor(
    private readonly options: BeamSearchOptions,
    readonly promptIndex: number,
    readonly prompt: readonly number[],
    readonly slots: readonly number[],
    private readonly limit: number,
  ) {
    // every beam would find the same continuations at first: one is enough
    this.running = [{ tokenIds: [], logProb: 0, slot: slots[0] ?? 0 }];
  }

  get results(): readonly BeamSequence[] {
    return this.finished.slice(0, this.options.returned ?? 1);
  }

  /**
   * Chooses the next beams; the tokens to feed are written into `tokens` by slot. Copies that the caches need before the next step.
   * @param rowOf where the prediction of a slot stands
   */
  advance(prediction: TokenWeights, rowOf: (slot: number) => number, tokens: Int32Array): SlotCopy[] {
    const { beams, earlyStopping = false, lengthPenalty = 1, stopIds } = this.options;
    const candidates = bestContinuations(this.running, prediction, rowOf, Math.max(2, 1 + stopIds.length) * beams);
    this.length += 1;
    const atLimit = this.length >= this.limit;
    const ends = ({ token }: Candidate) => atLimit || stopIds.includes(token);
    for (const candidate of candidates.slice(0, beams)) if (ends(candidate)) this.finish(candidate, lengthPenalty);
    this.finished = this.finished.toSorted((a, b) => b.score - a.score).slice(0, beams);
    const chosen = candidates.filter((candidate) => !ends(candidate)).slice(0, beams);
    const copies = this.continueWith(chosen);
    this.done = chosen.length === 0 || this.cannotImprove(earlyStopping, lengthPenalty);
    for (const slot of this.slots) tokens[slot] = idleToken;
    if (!this.done) for (const beam of this.running) tokens[beam.slot] = beam.tokenIds.at(-1) ?? idleToken;
    return this.done ? [] : copies;
  }

  private finish({ logProb, parent, token }: Candidate, lengthPenalty: number): void {
    this.finished.push({
      tokenIds: [...parent.tokenIds, token],
      logProb,
      score: logProb / this.length ** lengthPenalty,
      finishReason: this.options.stopIds.includes(token) ? 'eos' : 'length',
    });
  }

  private cannotImprove(earlyStopping: boolean | 'never', lengthPenalty: number): boolean {
    if (this.finished.length < this.options.beams) return false;
    if (earlyStopping === true) return true;
    const length = earlyStopping === 'never' && lengthPenalty > 0 ? this.limit : this.length;
    const [best] = this.running;
    const worst = this.finished.at(-1);
    return !best || !worst || best.logProb / length ** lengthPenalty <= worst.score;
  }

  /** A beam stays in the slot of its parent; only where a parent goes on twice is its cache copied into a slot that nobody goes on with. */
  private continueWith(chosen: readonly Candidate[]): SlotCopy[] {
    const parents = new Set(chosen.map(({ parent }) => parent.slot));
    const free = this.slots.filter((slot) => !parents.has(slot));
    const taken = new Set<number>();
    const copies: SlotCopy[] = [];
    this.running = chosen.map(({ logProb, parent, token }) => {
      let { slot } = parent;
      if (taken.has(slot)) {
        slot = free.shift() ?? slot;
        // the token of this step is not in the cache yet
        copies.push({ from: parent.slot, to: slot, length: this.prompt.length + this.length - 1 });
      }
      taken.add(slot);
      return { tokenIds: [...parent.tokenIds, token], logProb, slot };
    });
    return copies;
  }
}

function check(options: BeamSearchOptions): void {
  const { beams, lengthPenalty = 1, maxNewTokens, returned = 1 } = options;
  for (const [name, value] of Object.entries({ beams, maxNewTokens, returned })) {
    if (Number.isInteger(value) && value >= 1) continue;
    throw new AppError('BAD_INPUT', `${name} is ${value}; it has to be a whole number from 1 on.`, { details: { option: name } });
  }
  if (returned > beams) throw new AppError('BAD_INPUT', `${returned} sequences are wanted of ${beams} beams; there are at most as many.`);
  if (!Number.isFinite(lengthPenalty)) throw new AppError('BAD_INPUT', `lengthPenalty is ${lengthPenalty}; it has to be a number.`);
  checkPrompts(options.model, options.prompts, options.promptKeys);
}

/** Searches side by side, each in slots of its own; one that is done makes room for the next prompt. */
class Searches {
  private readonly tokens: Int32Array;
  private readonly places: (Search | undefined)[];
  private readonly results = new Map<number, readonly BeamSequence[]>();
  private next = 0;

  constructor(
    private readonly options: BeamSearchOptions,
    private readonly decoder: Decoder,
  ) {
    this.tokens = new Int32Array(decoder.slots).fill(idleToken);
    this.places = Array.from({ length: decoder.slots / options.beams });
  }

  get done(): boolean {
    return this.next === this.options.prompts.length && this.places.every((search) => search === undefined);
  }

  /** Takes the result of a prompt out, if it is there. */
  resultOf(promptIndex: number): readonly BeamSequence[] | undefined {
    const result = this.results.get(promptIndex);
    this.results.delete(promptIndex);
    return result;
  }

  async advance(turn: () => Promise<void>): Promise<void> {
    await this.admit(turn);
    if (this.places.every((search) => search === undefined)) return;
    const prediction = this.decoder.step(this.tokens);
    for (const search of this.places) if (search) this.choose(search, prediction, (slot) => slot);
  }

  private async admit(turn: () => Promise<void>): Promise<void> {
    const { beams, maxNewTokens, model, prompts } = this.options;
    const started: Search[] = [];
    this.places.forEach((search, place) => {
      const prompt = prompts[this.next];
      if (search || !prompt) return;
      const slots = Array.from({ length: beams }, (_, beam) => place * beams + beam);
      const limit = Math.min(maxNewTokens, model.config.contextLength - prompt.length);
      const created = new Search(this.options, this.next, prompt, slots, limit);
      this.places[place] = created;
      started.push(created);
      this.next += 1;
    });
    if (started.length === 0) return;
    const placed = started.map(({ prompt, slots }) => ({ tokens: prompt, slots: slots.slice(0, 1) }));
    await this.decoder.start(placed, turn, (prediction, indices) => {
      indices.forEach((index, row) => {
        this.choose(started[index] as Search, prediction, () => row);
      });
    });
  }

  private choose(search: Search, prediction: Prediction, rowOf: (slot: number) => number): void {
    if (prediction.kind !== 'weights') throw new AppError('INTERNAL', 'Beam search needs weights.');
    this.decoder.copy(search.advance(prediction, rowOf, this.tokens));
    if (!search.done) return;
    this.results.set(search.promptIndex, search.results);
    this.places[this.places.indexOf(search)] = undefined;
  }
}

/**
 * The most probable answers that a search with `beams` beams finds, by prompt, best first, without any randomness. Throws BAD_INPUT for
 * prompts that do not fit, INVARIANT where logits are not finite, CANCELLED (or the signal's AppError) on abort.
 */
export async function* beamSearch(
  options: BeamSearchOptions,
): AsyncGenerator<{ promptIndex: number; sequences: readonly BeamSequence[] }, void, void> {
  check(options);
  const { batchSize = options.beams, beams, engine, maxNewTokens, model, prompts } = options;
  if (prompts.length === 0) return;
  const turn = createTurns(options.signal);
  await turn();
  const { contextLength } = model.config;
  const { passTokens, slots } = planDecoding(model.config, {
    rows: prompts.length * beams,
    batchSize: Math.max(batchSize, beams),
    positions: prompts.reduce((most, { length }) => Math.max(most, Math.min(contextLength, length + maxNewTokens)), 0),
    limitBytes: options.memoryLimitBytes ?? engine.memoryLimitBytes,
    together: beams,
  });
  const decoder = new Decoder(model.trunk, slots, { kind: 'weights', temperature: 1, logits: true }, passTokens);
  try {
    const searches = new Searches(options, decoder);
    let given = 0;
    let tokens = 0;
    while (!searches.done) {
      await turn();
      await searches.advance(turn);
      for (let sequences = searches.resultOf(given); sequences; sequences = searches.resultOf(given)) {
        tokens += sequences.reduce((sum, { tokenIds }) => sum + tokenIds.length, 0);
        options.onProgress?.({ finished: given + 1, total: prompts.length, tokens });
        yield { promptIndex: given, sequences };
        given += 1;
      }
    }
  } finally {
    decoder.dispose();
  }
}
