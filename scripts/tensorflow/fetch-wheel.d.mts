import type { Network } from './network.mjs';
import type { Wheel } from './wheel.mjs';

export interface FetchProgress {
  what: string;
  done: number;
  total: number | undefined;
  rate: number;
}

export interface FetchOptions {
  folder: string;
  network: Network;
  log: (line: string) => void;
  progress: (progress: FetchProgress) => void;
  signal?: AbortSignal | undefined;
}

export function fetchWheel(wheel: Wheel, options: FetchOptions): Promise<{ file: string; sha256: string; by: 'index' | 'pip' }>;
