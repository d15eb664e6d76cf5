import type { NotedProcess } from './processes.mjs';

export function noteProcess(dataDir: string, name: string, pid: number): (NotedProcess & { readonly name: string }) | undefined;
export function forgetProcess(dataDir: string, name: string): void;
export function endLeftovers(dataDir: string): Promise<string[]>;
