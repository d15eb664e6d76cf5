export class StepError extends Error {
  constructor(message: string, remedy?: string);
  readonly remedy: string | undefined;
}
export interface Reporter {
  write(line: string): void;
  say(name: string, text: string): void;
  step<T>(name: string, work: (note: (text: string) => void) => Promise<T>): Promise<T>;
  failure(error: unknown): void;
}
export function createReporter(write?: (line: string) => void): Reporter;
