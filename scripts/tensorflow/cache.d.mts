export function defaultCacheDir(env?: Record<string, string | undefined>): string;
export function cudaFolders(folder: string): string[];
export function lastUsed(cacheDir: string): string | undefined;
export function smokeTest(root: string): Promise<{ works: true; library: string; gpu: boolean } | { works: false; reason: string }>;
