import { type DataNote, type NoteKind, noteTexts } from './training-data';

const examplesKept = 5;

/** Counts what is worth telling, by kind, with the first places. */
export class NoteBook {
  private readonly places = new Map<NoteKind, { count: number; examples: string[] }>();

  constructor(notes: readonly DataNote[] = []) {
    for (const { kind, count, examples } of notes) this.places.set(kind, { count, examples: [...examples] });
  }

  add(kind: NoteKind, place: string): void {
    const found = this.places.get(kind) ?? { count: 0, examples: [] };
    this.places.set(kind, found);
    found.count += 1;
    if (found.examples.length < examplesKept) found.examples.push(place);
  }

  list(): DataNote[] {
    return [...this.places].map(([kind, { count, examples }]) => ({ kind, count, message: noteTexts[kind], examples }));
  }
}
