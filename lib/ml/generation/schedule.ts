import type { AnswerRow } from './answer-row';
import { type Decoder, idleToken } from './decoder';
import { type Prediction, rowOf } from './prediction';

/** The rows of one prompt that start together. */
interface Group {
  readonly rows: readonly AnswerRow[];
  readonly slots: readonly number[];
}

/** A prompt of which not all rows have found a slot yet: where it lies, and what the model said after it. */
interface HalfStarted {
  readonly promptIndex: number;
  readonly slot: number;
  readonly length: number;
  readonly prediction: Prediction;
}

/**
 * Slots and who is in them. A row that is done makes room for the next at the next step. Rows start in their order; those of one prompt
 * share the pass over it also where they start at different times: while some wait, no slot is free, so that of the first is never idle.
 */
export class Schedule {
  private tokens: Int32Array;
  private running: (AnswerRow | undefined)[];
  private halfStarted: HalfStarted | undefined;
  private next = 0;

  /**
   * @param rows rows of one prompt beside each other
   * @param fewestSlots where nobody waits, slots are given up as rows end, down to this number
   */
  constructor(
    private readonly decoder: Decoder,
    private readonly rows: readonly AnswerRow[],
    private readonly fewestSlots: number,
  ) {
    this.running = Array.from({ length: decoder.slots });
    this.tokens = new Int32Array(decoder.slots).fill(idleToken);
  }

  get done(): boolean {
    return this.next === this.rows.length && this.running.every((row) => row === undefined);
  }

  /** One token for every row that runs; the rows that ended with it. `turn` is waited for between passes over prompts. */
  async advance(turn: () => Promise<void>): Promise<AnswerRow[]> {
    const finished: AnswerRow[] = [];
    await this.admit(turn, finished);
    if (this.running.every((row) => row === undefined)) return finished;
    const prediction = this.decoder.step(this.tokens);
    this.running.forEach((row, slot) => {
      if (row) this.take(row, slot, prediction, slot, finished);
    });
    return finished;
  }

  private take(row: AnswerRow, slot: number, prediction: Prediction, index: number, finished: AnswerRow[]): void {
    const token = row.draw(prediction, index);
    const ended = row.finishReason !== undefined;
    this.tokens[slot] = ended ? idleToken : token;
    this.running[slot] = ended ? undefined : row;
    if (ended) finished.push(row);
  }

  private async admit(turn: () => Promise<void>, finished: AnswerRow[]): Promise<void> {
    const free = this.running.flatMap((row, slot) => (row ? [] : [slot]));
    if (free.length === 0) return;
    if (this.next === this.rows.length) {
      this.shrink();
      return;
    }
    this.follow(free, finished);
    const groups: Group[] = [];
    while (free.length > 0 && this.next < this.rows.length) {
      const rows = this.nextRows(free.length);
      groups.push({ rows, slots: free.splice(0, rows.length) });
    }
    await this.start(groups, turn, finished);
  }

  /** The rows of the next prompt, as many as there is room for. */
  private nextRows(room: number): AnswerRow[] {
    const first = this.rows[this.next];
    let end = this.next;
    while (end < this.rows.length && end - this.next < room && this.rows[end]?.promptIndex === first?.promptIndex) end += 1;
    const rows = this.rows.slice(this.next, end);
    this.next = end;
    return rows;
  }

  /** Starts rows whose prompt has been read before; takes their slots out of `free`. */
  private follow(free: number[], finished: AnswerRow[]): void {
    const { halfStarted } = this;
    if (!halfStarted || this.rows[this.next]?.promptIndex !== halfStarted.promptIndex) return;
    const rows = this.nextRows(free.length);
    const slots = free.splice(0, rows.length);
    this.decoder.copy(slots.map((to) => ({ from: halfStarted.slot, to, length: halfStarted.length })));
    rows.forEach((row, index) => {
      this.take(row, slots[index] as number, halfStarted.prediction, 0, finished);
    });
  }

  private async start(groups: readonly Group[], turn: () => Promise<void>, finished: AnswerRow[]): Promise<void> {
    if (groups.length === 0) return;
    const prompts = groups.map(({ rows, slots }) => ({ tokens: rows[0]?.prompt ?? [], slots }));
    const waiting = this.rows[this.next]?.promptIndex;
    await this.decoder.start(prompts, turn, (prediction, indices) => {
      indices.forEach((group, index) => {
        const { rows, slots } = groups[group] as Group;
        const [first] = rows;
        if (first && first.promptIndex === waiting) {
          const shared = { promptIndex: first.promptIndex, slot: slots[0] as number, length: first.prompt.length };
          this.halfStarted = { ...shared, prediction: rowOf(prediction, index) };
        }
        rows.forEach((row, at) => {
          this.take(row, slots[at] as number, prediction, index, finished);
        });
      });
    });
  }

  /** Half as many slots, as soon as they are enough and nobody waits: each number of slots has a graph of its own. */
  private shrink(): void {
    const busy = this.running.flatMap((row, slot) => (row ? [slot] : []));
    let slots = this.running.length;
    for (let half = Math.ceil(slots / 2); half < slots && half >= Math.max(busy.length, this.fewestSlots); half = Math.ceil(slots / 2))
      slots = half;
    if (busy.length === 0 || slots === this.running.length) return;
    const idle = this.running.flatMap((row, slot) => (row ? [] : [slot]));
    const kept = [...busy, ...idle.slice(0, slots - busy.length)];
    this.decoder.keep(kept);
    this.running = kept.map((slot) => this.running[slot]);
    this.tokens = Int32Array.from(kept, (slot) => this.tokens[slot] ?? idleToken);
  }
}
