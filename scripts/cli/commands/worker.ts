import type { Command } from 'commander';
import { pino } from 'pino';
import { AppError } from '#lib/errors';
import { startWorker, type WorkerQueue, workerQueues } from '../../../workers/start-worker';
import { action, type CliContext, text } from '../frame';
import { openInstallation } from '../installation';

export function registerWorker(program: Command, context: CliContext): void {
  program
    .command('worker')
    .description('run a worker until Ctrl-C; "npm start" runs one of its own')
    .option('--queues <queues>', `comma-separated: ${workerQueues.join(', ')}`, 'general,chat,compute-cpu')
    .addHelpText('after', '\nIts log goes to stderr, one JSON object a line.\n\nExample:\n  plumbline worker --queues compute-cpu')
    .action(
      action(
        context,
        async (given) => {
          const queues = parseQueues(text(given, 'queues'));
          const level = process.env.LOG_LEVEL || 'info';
          const installation = await openInstallation(context);
          const { deps, env } = installation;
          const { databaseUrl } = deps.config;
          // What the child processes of runs write to our stdout is log too.
          process.stdout.write = process.stderr.write.bind(process.stderr);
          const worker = await startWorker({
            deps: {
              ...deps,
              logger: pino(
                { name: 'worker', level, base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime },
                pino.destination(2),
              ),
            },
            queues,
            settings: deps.queueSettings,
            environment: { ...process.env, DATABASE_URL: databaseUrl, PLUMBLINE_HOME: env.dataDir, LOG_LEVEL: level },
          });
          context.terminal.line(`worker ${worker.id} reads ${queues.join(', ')}; Ctrl-C ends it`);
          if (!context.signal.aborted) {
            await new Promise<void>((resolve) => context.signal.addEventListener('abort', () => resolve(), { once: true }));
          }
          context.terminal.line('ending: the run in hand is given back at its next step');
          await worker.close();
          Reflect.deleteProperty(process.stdout, 'write');
          return { json: { workerId: worker.id, queues, stopped: true }, text: 'The worker has ended; other workers go on with its work.' };
        },
        { endsItself: true },
      ),
    );
}

function parseQueues(list: string): WorkerQueue[] {
  return list.split(',').map((name) => {
    const known = workerQueues.find((queue) => queue === name.trim());
    if (known) return known;
    throw new AppError('BAD_INPUT', `There is no queue "${name.trim()}".`, {
      details: { option: 'queues' },
      remedy: `Choose from ${workerQueues.join(', ')}.`,
    });
  });
}
