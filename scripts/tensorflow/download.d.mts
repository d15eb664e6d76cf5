import type { Network } from './network.mjs';

export interface Progress {
  /** Bytes on disk. */
  done: number;
  /** Bytes of the whole file, where the server tells. */
  total: number | undefined;
  /** Bytes a second since this connection began. */
  rate: number;
}

export interface DownloadOptions {
  url: string;
  file: string;
  /** Hexadecimal; undefined: whatever comes is taken. */
  sha256?: string | undefined;
  network: Network;
  signal?: AbortSignal | undefined;
  onProgress?: (progress: Progress) => void;
  /** First wait between two tries, milliseconds; doubled each time. */
  waitMs?: number;
}

export function hashFile(file: string): Promise<string>;
export function download(options: DownloadOptions): Promise<{ bytes: number; resumedFrom: number; sha256: string }>;
