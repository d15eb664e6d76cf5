import type { Gold } from '#lib/domain/simulation/gold';
import { mean } from '#lib/domain/statistics/summary';
import type { Engine } from '#lib/ml/engine/engine';
import { policyDivergence } from '#lib/ml/evaluation/divergence';
import { distinctNgrams, repetition, textWords } from '#lib/ml/evaluation/text-metrics';
import { generate } from '#lib/ml/generation/generate';
import type { ModelFiles } from '#lib/ml/models/hugging-face';
import { createLanguageModel } from '#lib/ml/nn/language-model';
import { loadTokenizer } from '#lib/ml/tokenizers/tokenizer';

export interface MeasuredPolicy {
  /** Mean gold of the answers to each prompt, in the order of the prompts: the unit of every comparison. */
  readonly goldByPrompt: readonly number[];
  readonly gold: number;
  /** Standard deviation over all answers. */
  readonly goldSpread: number;
  /** KL to the reference, nats an answer, on this policy's own answers. */
  readonly kl: number;
  /** Mean length of an answer in words. */
  readonly words: number;
  readonly distinct1: number;
  readonly distinct2: number;
  readonly repeated2: number;
  /** Share of answers that the policy ended itself. */
  readonly ended: number;
  readonly samples: readonly { readonly prompt: string; readonly answer: string; readonly gold: number }[];
}

const shownSamples = 5;

/** Lets a policy answer prompts that nothing was trained or decided on, and judges the answers by the hidden gold. */
export async function measureGold(options: {
  readonly engine: Engine;
  readonly policy: ModelFiles;
  readonly reference: ModelFiles;
  readonly prompts: readonly string[];
  readonly samplesPerPrompt: number;
  readonly maxNewTokens: number;
  readonly temperature: number;
  readonly seed: number;
  readonly gold: Gold;
}): Promise<MeasuredPolicy> {
  const { engine, prompts, samplesPerPrompt, maxNewTokens, temperature, seed, gold } = options;
  const tokenizer = loadTokenizer(options.policy.tokenizerJson, 'the policy', options.policy.config);
  const policy = createLanguageModel(engine, options.policy);
  const reference = createLanguageModel(engine, options.reference);
  const encoded = prompts.map((prompt) => tokenizer.encode(prompt, { bos: true }));
  try {
    const answers: { promptIndex: number; text: string; tokens: readonly number[]; ended: boolean }[] = [];
    const generated = generate({
      engine,
      model: policy,
      prompts: encoded,
      promptKeys: prompts,
      samplesPerPrompt,
      maxNewTokens,
      temperature,
      seed,
      batchSize: 64,
      stopIds: [tokenizer.eosId],
    });
    for await (const { promptIndex, tokenIds, finishReason } of generated) {
      answers.push({ promptIndex, text: tokenizer.decode([...tokenIds]), tokens: [...tokenIds], ended: finishReason === 'eos' });
    }
    answers.sort((a, b) => a.promptIndex - b.promptIndex);
    const golds = answers.map(({ text }) => gold.score(text));
    const words = answers.map(({ text }) => textWords(text));
    const rows = answers.map(({ promptIndex, tokens }) => ({ prompt: encoded[promptIndex] ?? [], response: tokens }));
    const goldByPrompt = prompts.map((_, index) => mean(golds.filter((_, at) => answers[at]?.promptIndex === index)));
    const average = mean(golds);
    return {
      goldByPrompt,
      gold: average,
      goldSpread: Math.sqrt(mean(golds.map((value) => (value - average) ** 2))),
      kl: mean(policyDivergence({ engine, policy, reference, rows, temperature }).perAnswer),
      words: mean(words.map((each) => each.length)),
      distinct1: distinctNgrams(words, 1) ?? 0,
      distinct2: distinctNgrams(words, 2) ?? 0,
      repeated2: repetition(words, 2) ?? 0,
      ended: mean(answers.map(({ ended }) => (ended ? 1 : 0))),
      samples: answers
        .filter(({ promptIndex }, index) => answers.findIndex((other) => other.promptIndex === promptIndex) === index)
        .slice(0, shownSamples)
        .map(({ promptIndex, text }) => ({ prompt: prompts[promptIndex] ?? '', answer: text, gold: gold.score(text) })),
    };
  } finally {
    policy.dispose();
    reference.dispose();
  }
}
