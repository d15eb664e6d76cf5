import type { z } from 'zod';
import type { Engine } from '#lib/ml/engine/engine';
import type { WritableFile } from '#lib/ml/models/serialize-model';
import type { LoraConfig } from '#lib/ml/nn/lora';
import type { RewardSpec } from '#lib/ml/rewards/reward-spec';
import type { CheckpointData, StepMetrics } from '#lib/ml/trainers/trainer';
import { type GivenConfig, readConfig } from './config';

/** Folders and files that an algorithm may be given, by the name of their option. */
export const inputNames = ['model', 'data', 'validation', 'reward', 'reference', 'value', 'pretraining'] as const;
export type InputName = (typeof inputNames)[number];
export type InputPaths = { readonly model: string; readonly data: string } & Partial<Readonly<Record<InputName, string>>>;

/** What every trainer's config has, and what the command line adds. */
export interface CommonConfig {
  readonly seed: number;
  readonly checkpointEvery: number;
  readonly lora: LoraConfig | null;
  readonly reward?: RewardSpec | null;
}

export interface Note {
  readonly text: string;
  readonly examples: readonly string[];
}

/** Models in memory, data read and checked: everything but the training. */
export interface PreparedRun {
  /** What was read, for people and for --json: counts by name. */
  readonly counts: Readonly<Record<string, number>>;
  readonly notes: readonly Note[];
  readonly totalSteps: number;
  readonly parameters: { readonly trained: number; readonly frozen: number };
  /** Computes something small with the model. */
  probe(): void;
  train(from: { readonly state: CheckpointData | undefined; readonly signal: AbortSignal }): AsyncGenerator<StepMetrics, unknown>;
  /** Once the generator has returned `result`: what is written, by folder below OUT ('' = OUT itself). */
  outputs(result: unknown): readonly { readonly name: string; readonly files: Iterable<WritableFile> }[];
  /** The figures of the result that people want to see first. */
  summary(result: unknown): Readonly<Record<string, unknown>>;
  dispose(): void;
}

export interface PrepareInput<Config> {
  readonly engine: Engine;
  readonly paths: InputPaths;
  /** `checkpointEvery` may change between two steps. */
  readonly config: Config;
  readonly say: (line: string) => void;
}

interface Definition<Config extends CommonConfig> {
  readonly name: string;
  /** Behind "train a ...". */
  readonly about: string;
  readonly config: z.ZodType<Config>;
  /** Options beside --model and --data: needed, or possible. */
  readonly needs: readonly InputName[];
  readonly takes: readonly InputName[];
  /** Which validation figure chooses the best checkpoint. */
  readonly best: { readonly metric: string; readonly wanted: 'lowest' | 'highest' };
  /** An example of a call, and what one does with the result. */
  readonly example: string;
  readonly next: (out: string, paths: InputPaths, config: Pick<CommonConfig, 'reward'>) => string;
  readonly prepare: (input: PrepareInput<Config>) => Promise<PreparedRun>;
}

/** One algorithm, whatever its config is. */
export interface Algorithm extends Omit<Definition<CommonConfig>, 'config' | 'prepare'> {
  /** Reads and checks the config; nothing else is read yet. @throws AppError BAD_INPUT naming the key */
  configure(given: { readonly file: string | undefined; readonly sets: readonly string[] }): Promise<ConfiguredAlgorithm>;
}

export interface ConfiguredAlgorithm extends GivenConfig<CommonConfig> {
  /** `stopping`: from now on every step is to leave a checkpoint. */
  prepare(input: Omit<PrepareInput<unknown>, 'config'>, stopping: () => boolean): Promise<PreparedRun>;
}

export function defineAlgorithm<Config extends CommonConfig>({ config: schema, prepare, ...rest }: Definition<Config>): Algorithm {
  return {
    ...rest,
    async configure(given) {
      const { config, origins } = await readConfig(schema, { algorithm: rest.name, ...given });
      return {
        config,
        origins,
        prepare: (input, stopping) => prepare({ ...input, config: live(config, stopping) }),
      };
    },
  };
}

/** Trainers read `checkpointEvery` at each step: who wants to stop gets a checkpoint of the step that is running. */
function live<Config extends CommonConfig>(config: Config, stopping: () => boolean): Config {
  return Object.defineProperty({ ...config }, 'checkpointEvery', {
    enumerable: true,
    get: () => (stopping() ? 1 : config.checkpointEvery),
  });
}
