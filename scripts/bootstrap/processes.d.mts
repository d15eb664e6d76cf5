export interface NotedProcess {
  readonly pid: number;
  readonly started: string;
}
export interface FoundProcess extends NotedProcess {
  readonly parent: number;
  readonly session: number;
}
export function listProcesses(): FoundProcess[];
export function startOf(pid: number): string | undefined;
export function isSame(noted: NotedProcess): boolean;
export function nameOf(pid: number): string;
export function sessionOf(noted: NotedProcess): FoundProcess[];
export function endSession(noted: NotedProcess, graceMs: number): Promise<void>;
export function killDescendants(pid: number): void;
