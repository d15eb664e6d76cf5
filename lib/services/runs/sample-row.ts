/** One answer of a sample table: the same prompts at every evaluation of a run. */
export interface SampleRow {
  readonly promptId: string;
  readonly sampleIndex: number;
  readonly text: string;
  readonly scores: Readonly<Record<string, number>>;
}
