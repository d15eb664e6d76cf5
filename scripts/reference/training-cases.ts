import { createRandom } from '#lib/domain/random';
import type { LlamaConfig } from '#lib/ml/models/llama-config';

/** A prompt and answers of which the first was preferred, as text and as token ids: BOS first, EOS at the end of every answer. */
export interface ComparedPair {
  readonly promptText: string;
  readonly chosenText: string;
  readonly rejectedText: string;
  readonly prompt: readonly number[];
  readonly chosen: readonly number[];
  readonly rejected: readonly number[];
}

/** What TRL and our trainers are both set to. */
export interface ComparedSettings {
  readonly steps: number;
  readonly batchSize: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly maxGradientNorm: number;
  readonly maxLength: number;
  /** DPO. */
  readonly beta: number;
  /** Of the scalar head. */
  readonly headSeed: number;
  readonly learningRate: { readonly sft: number; readonly reward: number; readonly dpo: number };
}

export const comparedTrainers = ['sft', 'reward', 'dpo'] as const;
export type ComparedTrainer = (typeof comparedTrainers)[number];

/** Adam as PyTorch's defaults, the norm as transformers'. */
export const comparedSettings: ComparedSettings = {
  steps: 20,
  batchSize: 8,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  maxGradientNorm: 1,
  maxLength: 256,
  beta: 0.1,
  headSeed: 5,
  learningRate: { sft: 1e-3, reward: 1e-3, dpo: 1e-3 },
};

export const syntheticSeed = 3;

const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRS'.split('');
const special = ['<pad>', '<s>', '</s>'];

/** A model that a test makes in no time. */
export const syntheticConfig: LlamaConfig = {
  family: 'llama',
  modelType: 'llama',
  vocabSize: special.length + letters.length,
  hiddenSize: 32,
  intermediateSize: 64,
  layers: 2,
  heads: 4,
  keyValueHeads: 2,
  headSize: 8,
  contextLength: 256,
  rope: { theta: 10_000, scaling: null },
  normEpsilon: 1e-5,
  biases: { attention: false, output: false, mlp: false },
  qkNorm: false,
  slidingWindow: null,
  tiedEmbeddings: true,
  bosTokenId: 1,
  eosTokenId: 2,
  stopTokenIds: [2],
  padTokenId: 0,
};

/** One token a letter, `<s>` in front of every text. */
export function syntheticTokenizerJson(): string {
  const surroundings = [{ SpecialToken: { id: '<s>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }];
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  return JSON.stringify({
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: special.map((content, id) => ({ id, content, ...flags })),
    normalizer: null,
    pre_tokenizer: null,
    post_processor: {
      type: 'TemplateProcessing',
      single: surroundings,
      pair: [...surroundings, { Sequence: { id: 'B', type_id: 0 } }],
      special_tokens: { '<s>': { id: '<s>', ids: [1], tokens: ['<s>'] } },
    },
    decoder: { type: 'Fuse' },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      vocab: Object.fromEntries([...special, ...letters].map((piece, id) => [piece, id])),
      merges: [],
    },
  });
}

/** Pairs of `batchSize` updates: prompts of 2 to 9 letters, answers of 10 to 18, so that few shapes come; the one with more letters from the first half was preferred. */
export function syntheticPairs({ batchSize, steps }: ComparedSettings): ComparedPair[] {
  const random = createRandom(11, 'training-curves');
  const word = (least: number, most: number) =>
    Array.from({ length: least + random.integer(most - least + 1) }, () => random.integer(letters.length));
  const textOf = (word: readonly number[]) => word.map((index) => letters[index]).join('');
  const idsOf = (word: readonly number[]) => word.map((index) => index + special.length);
  const worth = (word: readonly number[]) => word.filter((index) => index < letters.length / 2).length;
  return Array.from({ length: steps * batchSize }, () => {
    const prompt = word(2, 9);
    const [rejected = [], chosen = []] = [word(10, 18), word(10, 18)].sort((a, b) => worth(a) - worth(b));
    return {
      promptText: textOf(prompt),
      chosenText: textOf(chosen),
      rejectedText: textOf(rejected),
      prompt: [1, ...idsOf(prompt)],
      chosen: [...idsOf(chosen), 2],
      rejected: [...idsOf(rejected), 2],
    };
  });
}
