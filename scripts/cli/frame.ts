import { type Command, Option } from 'commander';
import { AppError } from '#lib/errors';
import type { Terminal } from './terminal';

/** What a command ends with. */
export interface Outcome {
  /** The one object of `--json`. */
  readonly json: Readonly<Record<string, unknown>>;
  /** The same for people; goes to stdout where `--json` is not given. */
  readonly text: string;
  readonly exitCode?: number;
}

export interface CliContext {
  /** The checkout: prisma/, node_modules/. */
  readonly root: string;
  /** Aborted at the first Ctrl-C. */
  readonly signal: AbortSignal;
  readonly terminal: Terminal;
  /** Called once by the command that ran. */
  finish(outcome: Outcome): void;
  /** What has to be closed before the process ends, the last one first. */
  onClose(close: () => Promise<void>): void;
  /** What the command is doing; waited for shortly after Ctrl-C before things are closed under it. */
  working?: Promise<unknown>;
}

export interface Given {
  readonly args: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
}

export interface ActionSettings {
  /** The command watches `signal` and returns by itself after Ctrl-C; others are given up where they stand. */
  readonly endsItself?: boolean;
}

/** The handler of a command: its result goes to the frame, its error to the caller of `parseAsync`. */
export function action(context: CliContext, work: (given: Given) => Promise<Outcome>, settings: ActionSettings = {}) {
  return async (...received: unknown[]): Promise<void> => {
    const command = received.at(-1) as Command;
    const given = { args: command.processedArgs as string[], options: command.optsWithGlobals() };
    const working = work(given);
    context.working = working;
    if (settings.endsItself) {
      context.finish(await working);
      return;
    }
    context.finish(await Promise.race([working, interrupted(context.signal)]));
  };
}

async function interrupted(signal: AbortSignal): Promise<never> {
  if (!signal.aborted) await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  throw new AppError('CANCELLED', 'Stopped.', { remedy: 'What was done before it stays; run the command again for the rest.' });
}

/** Adds what every command has. Groups get it too, so that `--json` may stand anywhere. */
export function withCommonOptions(program: Command): void {
  const visit = (command: Command) => {
    command.addOption(new Option('--json', 'print one JSON object as the last line, for machines'));
    command.helpOption('-h, --help', 'show what the command takes');
    for (const child of command.commands) visit(child);
  };
  visit(program);
}

/** A text option that was declared as required, or has a default. */
export function text(given: Given, name: string): string {
  const value = given.options[name];
  if (typeof value !== 'string') throw new AppError('BAD_INPUT', `The option --${flagOf(name)} is missing.`, { details: { option: name } });
  return value;
}

export function optionalText(given: Given, name: string): string | undefined {
  const value = given.options[name];
  return typeof value === 'string' ? value : undefined;
}

export function argument(given: Given, index: number): string {
  const value = given.args[index];
  if (value === undefined)
    throw new AppError('BAD_INPUT', 'An argument is missing.', { remedy: 'Add --help to the command to see what it takes.' });
  return value;
}

/** @throws AppError BAD_INPUT naming the option */
export function whole(given: Given, name: string, least: number): number {
  const written = text(given, name);
  const value = Number(written);
  if (written.trim() !== '' && Number.isSafeInteger(value) && value >= least) return value;
  throw new AppError('BAD_INPUT', `--${flagOf(name)} takes a whole number from ${least} on, not "${written}".`, {
    details: { option: name },
  });
}

export function optionalWhole(given: Given, name: string, least: number): number | undefined {
  return given.options[name] === undefined ? undefined : whole(given, name, least);
}

function flagOf(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
