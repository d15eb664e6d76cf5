import { AppError } from '#lib/errors';
import type { GeneratedAnswer, TextOptions } from './answer-row';
import { type GenerateOptions, generationSteps } from './generate';

type StreamOptions = Omit<GenerateOptions, 'batchSize' | 'limits' | 'onToken' | 'promptKeys' | 'prompts' | 'samplesPerPrompt'> & {
  readonly prompt: readonly number[];
  /** What the noise is keyed by. */
  readonly promptKey: string | number;
  readonly text: TextOptions;
};

/**
 * One answer as pieces of text while it is written, each of whole characters; joined they are its text. Returns the answer. The next token
 * is computed when the next piece is asked for; leaving the loop frees everything. Throws as `generate` does.
 */
export async function* streamText({ prompt, promptKey, ...options }: StreamOptions): AsyncGenerator<string, GeneratedAnswer, void> {
  const pieces: string[] = [];
  const steps = generationSteps({
    ...options,
    prompts: [prompt],
    promptKeys: [promptKey],
    samplesPerPrompt: 1,
    batchSize: 1,
    onToken: ({ text }) => pieces.push(text),
  });
  for await (const [answer] of steps) {
    const text = pieces.splice(0).join('');
    if (text !== '') yield text;
    if (answer) return answer;
  }
  throw new AppError('INTERNAL', 'The generation gave no answer.');
}
