export function takeLock(directory: string, onWait: () => void): Promise<() => void>;
