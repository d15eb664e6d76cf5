import type { Network } from './network.mjs';
import type { Wheel } from './wheel.mjs';

export interface IndexFile {
  name: string;
  url: string;
  sha256: string | undefined;
  bytes: number | undefined;
}

export function readIndexPage(text: string, type: string, pageUrl: URL): IndexFile[];
export function chooseWheel(
  files: readonly IndexFile[],
  wheel: { distribution: string; version: string; platform: RegExp },
): IndexFile | undefined;
export function findWheel(wheel: Wheel, options: { network: Network; signal?: AbortSignal | undefined }): Promise<IndexFile>;
