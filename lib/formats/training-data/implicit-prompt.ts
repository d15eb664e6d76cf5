import { isDeepStrictEqual } from 'node:util';
import { RowProblem } from './row-problem';
import type { PromptOrAnswer, TrainingMessage } from './training-data';

export interface Dialogues {
  readonly prompt: PromptOrAnswer;
  readonly chosen: PromptOrAnswer;
  readonly rejected: PromptOrAnswer;
}

/** Where hh-rlhf's assistant begins to speak. */
const assistantMark = '\n\nAssistant:';

function fromTexts(chosen: string, rejected: string): Dialogues {
  let common = 0;
  while (common < chosen.length && common < rejected.length && chosen[common] === rejected[common]) common += 1;
  const shared = chosen.slice(0, common);
  const turn = shared.lastIndexOf(assistantMark);
  const end = turn >= 0 ? turn + assistantMark.length : shared.lastIndexOf('\n') + 1;
  if (shared.slice(0, end).trim() === '')
    throw new RowProblem('prompt', 'nothing, and the two texts do not begin alike', 'a prompt, or two dialogues with the same beginning');
  return { prompt: shared.slice(0, end), chosen: chosen.slice(end), rejected: rejected.slice(end) };
}

function fromMessages(chosen: readonly TrainingMessage[], rejected: readonly TrainingMessage[]): Dialogues {
  let common = 0;
  while (common < chosen.length && common < rejected.length && isDeepStrictEqual(chosen[common], rejected[common])) common += 1;
  // equal dialogues share everything: the last answer is what is compared
  common = Math.min(common, chosen.length - 1, rejected.length - 1);
  while (common > 0 && !(chosen[common]?.role === 'assistant' && rejected[common]?.role === 'assistant')) common -= 1;
  if (common === 0)
    throw new RowProblem(
      'prompt',
      'nothing, and the two dialogues share no question',
      'a prompt, or two dialogues with the same beginning',
    );
  return { prompt: chosen.slice(0, common), chosen: chosen.slice(common), rejected: rejected.slice(common) };
}

/**
 * Parts two whole dialogues into prompt and answers. The prompt is what both begin with, back to the last place where the assistant starts
 * to speak (texts: after the last shared `\n\nAssistant:`, or else after the last shared line). Throws RowProblem where they share nothing.
 */
export function splitDialogues(chosen: PromptOrAnswer, rejected: PromptOrAnswer): Dialogues {
  if (typeof chosen === 'string' && typeof rejected === 'string') return fromTexts(chosen, rejected);
  if (typeof chosen !== 'string' && typeof rejected !== 'string') return fromMessages(chosen, rejected);
  throw new RowProblem('rejected', typeof rejected === 'string' ? 'a text' : 'messages', 'the same kind as "chosen"');
}
