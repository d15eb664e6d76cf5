import type { TensorData } from '#lib/formats/safetensors';

/** One row of a sample table: the same prompts at every evaluation of a run. */
export interface SampleRow {
  readonly promptId: string;
  readonly sampleIndex: number;
  readonly text: string;
  readonly scores: Readonly<Record<string, number>>;
}

/**
 * Everything that a later process needs to go on as if nothing had happened: `tensors` become safetensors,
 * `json` holds step, random streams, data cursor, KL coefficient and running statistics.
 */
export interface CheckpointData {
  readonly step: number;
  readonly tensors: Readonly<Record<string, TensorData>>;
  readonly json: unknown;
}

/** What a trainer yields after each update. Metric names are those of docs/metrics.md. */
export interface StepMetrics {
  readonly step: number;
  readonly totalSteps: number;
  readonly phase: string;
  readonly metrics: Readonly<Record<string, number>>;
  readonly samples?: readonly SampleRow[];
  /** Present where this step is to be kept. */
  readonly checkpoint?: CheckpointData;
}
