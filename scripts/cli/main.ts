/** The command line: `plumbline <command>`. Results on stdout, everything else on stderr; exit codes in failure.ts. */
import { CommanderError } from 'commander';
import { exitCodes, failureJson, failureText, toFailure } from './failure';
import type { CliContext, Outcome } from './frame';
import { createProgram } from './program';
import { findRoot } from './root';
import { createTerminal } from './terminal';

const closeWithinMs = 60_000;
const settleWithinMs = 5_000;
const sameSignalMs = 100;
const helpCodes = new Set(['commander.helpDisplayed', 'commander.version', 'commander.help']);

async function main(argv: readonly string[]): Promise<number> {
  const json = argv.includes('--json');
  const stop = new AbortController();
  const terminal = createTerminal(process.stderr);
  const closers: (() => Promise<void>)[] = [];
  let outcome: Outcome | undefined;
  let context: CliContext | undefined;
  const close = async () => {
    await within(settleWithinMs, context?.working);
    for (let closer = closers.pop(); closer !== undefined; closer = closers.pop()) await within(closeWithinMs, closer());
  };
  let stoppedAt = Number.NaN;
  const onSignal = () => {
    // One Ctrl-C can arrive twice: from the terminal, and from the process that engine-process.ts started this one in.
    if (performance.now() - stoppedAt < sameSignalMs) return;
    if (stop.signal.aborted) process.exit(exitCodes.interrupted);
    stoppedAt = performance.now();
    terminal.endProgress();
    stop.abort();
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, onSignal);
  // The reader of a pipe may have seen enough.
  process.stdout.on('error', () => process.exit(exitCodes.ok));

  const said: string[] = [];
  let exitCode: number = exitCodes.ok;
  try {
    const { root, version } = findRoot();
    // The data lies in the checkout unless said otherwise, wherever the command is called from.
    process.env.PLUMBLINE_HOME ||= `${root}/.plumbline`;
    context = {
      root,
      signal: stop.signal,
      terminal,
      finish: (result) => {
        outcome = result;
      },
      onClose: (closer) => closers.push(closer),
    };
    const program = createProgram(context, { version, write: (text) => said.push(text) });
    await program.parseAsync([...argv], { from: 'user' });
    exitCode = outcome?.exitCode ?? exitCodes.ok;
  } catch (thrown) {
    terminal.endProgress();
    if (thrown instanceof CommanderError && helpCodes.has(thrown.code)) {
      // A group without a command is wrong usage; asking for help is not.
      exitCode = thrown.exitCode === 0 ? exitCodes.ok : exitCodes.wrong;
      if (!json) (exitCode === exitCodes.ok ? process.stdout : process.stderr).write(said.join(''));
      outcome = { json: thrown.code === 'commander.version' ? { version: thrown.message } : { help: said.join('') }, text: '' };
    } else {
      const failure = toFailure(thrown);
      exitCode = failure.exitCode;
      process.stderr.write(`${failureText(failure)}\n`);
      if (process.env.PLUMBLINE_DEBUG === '1') console.error(thrown);
      outcome = { json: failureJson(failure), text: '' };
    }
  }
  terminal.endProgress();
  await within(closeWithinMs, close());
  if (json) process.stdout.write(`${JSON.stringify(outcome?.json ?? {})}\n`);
  else if (outcome?.text) process.stdout.write(`${outcome.text}\n`);
  return exitCode;
}

/** Waits for an end, good or bad, but not for ever. */
async function within(milliseconds: number, work: Promise<unknown> | undefined): Promise<void> {
  const ended = work?.then(
    () => undefined,
    () => undefined,
  );
  await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, milliseconds).unref())]);
}

process.exit(await main(process.argv.slice(2)));
