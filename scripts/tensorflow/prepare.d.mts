import type { Network } from './network.mjs';

export type TensorflowPreparation =
  | {
      ready: true;
      how: 'already' | 'cache' | 'official' | 'built';
      /** Version of TensorFlow. */
      library: string;
      /** It sees a GPU now. */
      gpu: boolean;
      directory?: string;
      /** What LD_LIBRARY_PATH has to begin with for a GPU; empty where there are no CUDA libraries. */
      libraryPath: string;
    }
  | { ready: false; reason: string; remedy: string };

export interface PrepareOptions {
  root: string;
  cacheDir?: string;
  /** The library for NVIDIA GPUs with its CUDA libraries. */
  gpu?: boolean;
  /** Another TensorFlow than the one that was measured. */
  version?: string | undefined;
  /** Fetch and build again, whatever works. */
  force?: boolean;
  network?: Network;
  log?: (line: string) => void;
  /** How far a download is; several times a second. Default: a line to `log` every ten seconds. */
  progress?: (text: string) => void;
  signal?: AbortSignal;
}

export function prepareTensorflow(options: PrepareOptions): Promise<TensorflowPreparation>;
