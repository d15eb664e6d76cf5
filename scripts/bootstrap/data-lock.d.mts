export interface DataLock {
  release(): void;
}
export interface LockHolder {
  readonly pid: number;
  readonly started: string;
  readonly host: string;
  readonly since: string;
  readonly purpose: string;
  readonly address?: string;
}
export function takeLock(file: string, about: { purpose: string; address?: string }, refuse: (holder: string) => Error): DataLock;
export function takeDataLock(dataDir: string, about: { purpose: string; address?: string }): DataLock;
export function findLockHolder(dataDir: string): LockHolder | undefined;
