import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import { messagesSchema, promptText } from '#lib/domain/prompts';
import type { Deps } from '../deps';
import { authoriseRun } from './authorise-run';

export const getSamplesInput = z.strictObject({ runId: z.uuid() });

export interface SamplesView {
  readonly steps: readonly number[];
  readonly prompts: readonly {
    readonly promptId: string;
    readonly prompt: string;
    readonly rows: readonly { step: number; sampleIndex: number; text: string; scores: Record<string, number> }[];
  }[];
}

/** The fixed prompts of a run, with the answers of every evaluation. */
export async function getSamples(deps: Pick<Deps, 'db'>, actor: Actor, input: z.input<typeof getSamplesInput>): Promise<SamplesView> {
  const { runId } = getSamplesInput.parse(input);
  await authoriseRun(deps, actor, runId, 'run.read');
  const samples = await deps.db.runSample.findMany({
    where: { runId },
    orderBy: [{ step: 'asc' }, { sampleIndex: 'asc' }],
    select: { step: true, promptId: true, sampleIndex: true, text: true, scores: true },
  });
  const prompts = await deps.db.prompt.findMany({
    where: { id: { in: [...new Set(samples.map((sample) => sample.promptId))] } },
    orderBy: { ordinal: 'asc' },
    select: { id: true, messages: true },
  });
  return {
    steps: [...new Set(samples.map((sample) => sample.step))],
    prompts: prompts.map((prompt) => ({
      promptId: prompt.id,
      prompt: promptText(messagesSchema.parse(prompt.messages)),
      rows: samples
        .filter((sample) => sample.promptId === prompt.id)
        .map(({ step, sampleIndex, text, scores }) => ({
          step,
          sampleIndex,
          text,
          scores: z.record(z.string(), z.number()).catch({}).parse(scores),
        })),
    })),
  };
}
