export function requirePort(port: number, host: string): Promise<void>;
