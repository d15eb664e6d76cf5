export function extractZip(archive: string, targetOf: (name: string) => string | undefined): Promise<string[]>;
