export interface Wheel {
  distribution: string;
  version: string;
  /** What a platform tag has to look like. */
  platform: RegExp;
  pipPlatforms: readonly string[];
  /** Known only for what was tried; else the index's word counts. */
  sha256: string | undefined;
  bytes: number | undefined;
}

export interface Plan {
  name: string;
  version: string;
  wheel: Wheel;
  neededBytes: number;
}

export const tensorflowVersion: string;
export function planFor(options?: { platform?: string; arch?: string; gpu?: boolean; version?: string }): Plan | undefined;
export function cudaWheels(metadata: string): Wheel[];
export function targetInCache(entry: string): string | undefined;
export function unpackWheel(file: string, folder: string): Promise<void>;
export function findPython(): Promise<string | undefined>;
