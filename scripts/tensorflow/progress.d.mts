import type { FetchProgress } from './fetch-wheel.mjs';

export function progressText(progress: FetchProgress): string;
export function progressWriter(
  stream: { isTTY?: boolean; columns?: number; write(text: string): unknown },
  options?: { prefix?: string; quietMs?: number; now?: () => number },
): { progress(text: string): void; line(text: string): void; end(): void };
