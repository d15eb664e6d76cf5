import { createRandom } from '#lib/domain/random';
import { AppError } from '#lib/errors';
import type { Engine } from '#lib/ml/engine/engine';
import { generate } from '#lib/ml/generation/generate';
import type { ModelFiles } from '#lib/ml/models/hugging-face';
import { createLanguageModel } from '#lib/ml/nn/language-model';
import { loadTokenizer } from '#lib/ml/tokenizers/tokenizer';

/** How a story may begin; the policy writes the rest of the first sentence. */
const beginnings = [
  'Once upon a time',
  'One day, a',
  'There was a',
  'A little',
  'In a small',
  'Once there was',
  'Tim',
  'Lily',
  'Ben',
  'Mia and her',
];

const shortest = 20;
const longest = 120;
const samplesAtOnce = 32;
const rounds = 40;

/** Sentences of real stories that can open one: plain statements, no quotation cut in half. */
export function storySentences(stories: readonly string[]): string[] {
  return [...new Set(stories.flatMap((story) => story.match(/[^.!?\n"]+[.!?](?=\s|$)/g) ?? []).map((sentence) => sentence.trim()))].filter(
    isPrompt,
  );
}

function isPrompt(text: string): boolean {
  return text.length >= shortest && text.length <= longest && /^[A-Z]/.test(text) && !text.includes('"');
}

/**
 * `count` different story openings: the sentences given, then first sentences that the policy itself writes, in an order drawn from the seed.
 * @throws AppError PRECONDITION where the policy does not write that many different ones
 */
export async function storyPrompts(options: {
  readonly engine: Engine;
  readonly files: ModelFiles;
  readonly stories: readonly string[];
  readonly count: number;
  readonly seed: number;
}): Promise<string[]> {
  const { engine, files, count, seed } = options;
  const tokenizer = loadTokenizer(files.tokenizerJson, 'the policy', files.config);
  const model = createLanguageModel(engine, files);
  const prompts = new Set(storySentences(options.stories));
  try {
    const encoded = beginnings.map((text) => tokenizer.encode(text, { bos: true }));
    for (let round = 0; round < rounds && prompts.size < count; round += 1) {
      const answers = generate({
        engine,
        model,
        prompts: encoded,
        promptKeys: beginnings,
        samplesPerPrompt: samplesAtOnce,
        maxNewTokens: 40,
        temperature: 0.8,
        seed: seed + round,
        batchSize: 64,
        stopIds: [tokenizer.eosId],
      });
      for await (const answer of answers) {
        // Decoded together: the space between the two belongs to the answer's first token.
        const text = tokenizer.decode([...(encoded[answer.promptIndex] ?? []), ...answer.tokenIds]);
        const sentence = text.match(/^[^.!?\n]*[.!?]/)?.[0];
        if (sentence && isPrompt(sentence)) prompts.add(sentence);
      }
    }
  } finally {
    model.dispose();
  }
  if (prompts.size < count) {
    throw new AppError('PRECONDITION', `The policy wrote ${prompts.size} different openings; ${count} are asked for.`, {
      remedy: 'Ask for fewer.',
    });
  }
  return createRandom(seed, 'story-prompts')
    .shuffle([...prompts])
    .slice(0, count);
}

export function promptsJsonl(prompts: readonly string[]): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(prompts.map((prompt) => `${JSON.stringify({ prompt })}\n`).join(''));
}
