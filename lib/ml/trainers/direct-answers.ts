import { AppError } from '#lib/errors';
import { chunk } from '#lib/ml/batches';
import { breathe } from '#lib/ml/forward';
import type { ModelConfig } from '#lib/ml/models/model-config';
import type { Split } from '#lib/ml/training/examples';
import type { Reference } from '#lib/ml/training/reference';
import { type AnswerRows, answersPerRow, layAnswers, sameTokens, sumByAnswer } from './direct-rows';

/** Where an answer stands in an `AnswerTable`. */
export interface AnswerPlace {
  readonly prompt: number;
  readonly answer: number;
}

interface TablePrompt {
  readonly promptId: string;
  readonly split: Split;
  readonly tokens: readonly number[];
  readonly answers: (readonly number[])[];
}

/** Prompts with their answers, each answer of a prompt once, however many comparisons it stands in: it is computed once too. */
export class AnswerTable {
  readonly prompts: TablePrompt[] = [];
  private readonly byId = new Map<string, number>();

  constructor(private readonly model: Pick<ModelConfig, 'padTokenId' | 'contextLength' | 'hiddenSize'>) {}

  /**
   * Throws BAD_INPUT naming `where`: an empty prompt or answer, one that the context does not hold (nothing is cut or left out), a prompt id that
   * stands for two prompts, or in two splits.
   */
  add(entry: {
    readonly where: string;
    readonly promptId: string;
    readonly split: Split;
    readonly prompt: readonly number[];
    readonly answer: readonly number[];
  }): AnswerPlace {
    this.check(entry);
    const { answer, prompt: tokens, promptId, split } = entry;
    let prompt = this.byId.get(promptId);
    if (prompt === undefined) {
      prompt = this.prompts.push({ promptId, split, tokens, answers: [] }) - 1;
      this.byId.set(promptId, prompt);
    }
    const { answers } = this.prompts[prompt] as TablePrompt;
    const known = answers.findIndex((other) => sameTokens(other, answer));
    return { prompt, answer: known >= 0 ? known : answers.push(answer) - 1 };
  }

  /** Whether a prompt holds an answer within the context. */
  fits(prompt: readonly number[], answer: readonly number[]): boolean {
    return prompt.length + answer.length <= this.model.contextLength;
  }

  private check(entry: Parameters<AnswerTable['add']>[0]): void {
    const { answer, prompt, promptId, split, where } = entry;
    const bad = (message: string, check: string, remedy: string) =>
      new AppError('BAD_INPUT', `${where}: ${message}.`, { details: { where, promptId, check }, remedy });
    if (prompt.length === 0) throw bad('the prompt has no tokens', 'empty-prompt', 'A prompt needs at least the begin token.');
    if (answer.length === 0) throw bad('the answer has no tokens', 'empty-answer', 'Leave it out, or let it hold at least the end token.');
    if (!this.fits(prompt, answer)) {
      throw bad(
        `prompt and answer have ${prompt.length + answer.length} tokens; the model reads at most ${this.model.contextLength}`,
        'longer-than-context',
        'Shorten or leave out the example; nothing is cut by itself.',
      );
    }
    const known = this.prompts[this.byId.get(promptId) ?? -1];
    if (known === undefined) return;
    if (known.split !== split) {
      throw bad(
        `prompt ${promptId} is in the splits ${known.split} and ${split}`,
        'one-split-a-prompt',
        'Split by prompts, not by examples.',
      );
    }
    if (!sameTokens(known.tokens, prompt))
      throw bad(`prompt ${promptId} has two texts`, 'one-text-a-prompt', 'Give each prompt its own id.');
  }

  /** One number for the whole table, from the means of its lengths. */
  perRow(): number {
    const count = this.prompts.length;
    const answers = this.prompts.reduce((sum, prompt) => sum + prompt.answers.length, 0);
    const tokens = this.prompts.reduce((sum, prompt) => sum + prompt.answers.reduce((all, answer) => all + answer.length, 0), 0);
    return answersPerRow({
      prompt: this.prompts.reduce((sum, prompt) => sum + prompt.tokens.length, 0) / count,
      answer: tokens / answers,
      count: Math.max(1, Math.round(answers / count)),
      width: this.model.hiddenSize,
    });
  }

  /** Rows of the answers at `places`, and which of them is which. */
  lay(places: readonly AnswerPlace[], perRow: number): LaidAnswers {
    const wanted = new Map<number, Set<number>>();
    for (const { answer, prompt } of places) wanted.set(prompt, (wanted.get(prompt) ?? new Set()).add(answer));
    const numbers = new Map<string, number>();
    const groups = [...wanted].map(([prompt, answers]) => {
      const { tokens, answers: all } = this.prompts[prompt] as TablePrompt;
      for (const answer of answers) numbers.set(`${prompt}/${answer}`, numbers.size);
      return { prompt: tokens, answers: [...answers].map((answer) => all[answer] as readonly number[]) };
    });
    return {
      ...layAnswers(groups, this.model, perRow),
      numberOf: ({ answer, prompt }) => numbers.get(`${prompt}/${answer}`) as number,
    };
  }
}

export interface LaidAnswers extends AnswerRows {
  /** Which of the laid answers stands at this place. */
  readonly numberOf: (place: AnswerPlace) => number;
}

/** log ref(y) summed over the tokens of every answer of a table. */
export interface ReferenceSums {
  of(place: AnswerPlace): number;
}

/**
 * Computes them once for all training, prompts of like length together; yields how many prompts are done. Nothing of it goes into a checkpoint: the
 * same reference, data and engine mode give the same bits again.
 */
export async function* referenceSums(options: {
  readonly table: AnswerTable;
  readonly reference: Reference;
  readonly temperature: number;
  /** Answers at a time, about. */
  readonly batchSize: number;
  readonly signal: AbortSignal;
}): AsyncGenerator<{ readonly done: number; readonly of: number }, ReferenceSums> {
  const { table, reference, signal, temperature } = options;
  const { prompts } = table;
  const perRow = table.perRow();
  const sums = prompts.map(({ answers }) => new Float64Array(answers.length));
  const size = ({ answers, tokens }: TablePrompt) => tokens.length + Math.max(...answers.map((answer) => answer.length));
  const order = [...prompts.keys()].sort((a, b) => size(prompts[a] as TablePrompt) - size(prompts[b] as TablePrompt) || a - b);
  const most = Math.max(...prompts.map(({ answers }) => answers.length));
  let done = 0;
  for (const part of chunk(order, Math.max(1, Math.floor(options.batchSize / most)))) {
    await breathe(signal);
    const places = part.flatMap((prompt) => [...(prompts[prompt]?.answers.keys() ?? [])].map((answer) => ({ prompt, answer })));
    const { lengths, rows } = table.lay(places, perRow);
    sumByAnswer(reference.logProbs(rows, temperature), lengths).forEach((sum, index) => {
      const { answer, prompt } = places[index] as AnswerPlace;
      (sums[prompt] as Float64Array)[answer] = sum;
    });
    done += part.length;
    yield { done, of: prompts.length };
  }
  return { of: ({ answer, prompt }) => (sums[prompt] as Float64Array)[answer] as number };
}
