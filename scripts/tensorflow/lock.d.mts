export function takeLock(directory: string, onWait: () => void, signal?: AbortSignal): Promise<() => void>;
