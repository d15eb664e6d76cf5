import { AppError } from '#lib/errors';
import { NoteBook } from '#lib/formats/training-data/notes';
import type { DataNote } from '#lib/formats/training-data/training-data';
import type { TextEncoder } from './tokenize-text';

export interface Tokenized<T> {
  readonly items: readonly T[];
  /** Those of the data, and what became of rows that are too long. */
  readonly notes: readonly DataNote[];
}

const problemsShown = 20;

/** Keeps rows to what the model reads, as the configuration says, and remembers all that are too long. */
export class Fitting {
  readonly notes: NoteBook;
  private readonly problems: string[] = [];

  constructor(
    private readonly encoder: TextEncoder,
    notes: readonly DataNote[],
  ) {
    this.notes = new NoteBook(notes);
  }

  /**
   * The prompt, cut if that is wanted, so that its longest answer fits; null where the row is left out. `reserved`: tokens that an answer may
   * have, where there is none yet.
   */
  prompt(
    prompt: readonly number[],
    answerLength: number,
    row: { readonly place: string; readonly isChat: boolean },
  ): readonly number[] | null {
    const { bosId, config, limit } = this.encoder;
    if (prompt.length + answerLength <= limit) return prompt;
    const lengths = `the prompt has ${prompt.length} tokens and its longest answer ${answerLength}; together at most ${limit} are read`;
    if (config.overlong !== 'cut-prompt') return this.tooLong(row.place, lengths);
    const begin = prompt[0] === bosId ? [bosId] : [];
    const room = limit - answerLength - begin.length;
    if (row.isChat) return this.tooLong(row.place, `${lengths}, and a conversation cannot be cut`);
    if (room < 1) return this.tooLong(row.place, `${lengths}, so that nothing of the prompt would be left`);
    this.notes.add('cut-prompt', row.place);
    return [...begin, ...prompt.slice(-room)];
  }

  /** Whether a text that cannot be cut fits. */
  whole(length: number, place: string): boolean {
    const { limit } = this.encoder;
    if (length <= limit) return true;
    this.tooLong(place, `it has ${length} tokens; at most ${limit} are read`);
    return false;
  }

  private tooLong(place: string, message: string): null {
    if (this.encoder.config.overlong === 'leave-out') this.notes.add('left-out-overlong', place);
    else this.problems.push(`${place}: ${message}`);
    return null;
  }

  /** Throws BAD_INPUT naming the rows that are too long, and where nothing is left. */
  done<T>(items: readonly T[], what: string): Tokenized<T> {
    const { problems } = this;
    if (problems.length > 0) {
      const rest = problems.length > problemsShown ? `\n... and ${problems.length - problemsShown} more.` : '';
      const shown = problems.slice(0, problemsShown);
      throw new AppError('BAD_INPUT', `${problems.length} rows are too long:\n${shown.join('\n')}${rest}`, {
        details: { check: 'fits-context', rows: problems.length },
        remedy: 'Shorten these rows, or set "overlong" to "cut-prompt" (plain prompts) or "leave-out".',
      });
    }
    if (items.length > 0) return { items, notes: this.notes.list() };
    throw new AppError('BAD_INPUT', `No ${what} is left: all rows were left out.`, { details: { check: 'rows-left' } });
  }
}

/** Throws BAD_INPUT: this form of data does not hold what is wanted. */
export function refuseForm(form: string, wanted: string, forms: string): never {
  throw new AppError('BAD_INPUT', `The data is of the form "${form}", which holds no ${wanted}.`, {
    details: { form },
    remedy: `Give data of the form ${forms}: docs/training-data.md.`,
  });
}
