export type TensorflowPreparation =
  | { ready: true; how: 'already' | 'cache' | 'built'; library: string; gpu: boolean; directory?: string }
  | { ready: false; reason: string; remedy: string };

export function defaultCacheDir(): string;
export function smokeTest(root: string): Promise<{ works: true; library: string; gpu: boolean } | { works: false; reason: string }>;
export function prepareTensorflow(options: {
  root: string;
  cacheDir?: string;
  log?: (line: string) => void;
}): Promise<TensorflowPreparation>;
