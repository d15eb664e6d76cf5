import path from 'node:path';
import type { Command } from 'commander';
import { pino } from 'pino';
import { folderRanges } from '#lib/blobs/file-ranges';
import { messagesSchema, promptText } from '#lib/domain/prompts';
import { annotatorConfig } from '#lib/domain/simulation/annotator';
import { AppError } from '#lib/errors';
import { parsePromptsJsonl } from '#lib/formats/prompts-jsonl';
import { readModel } from '#lib/ml/models/hugging-face';
import { startWorker } from '../../../workers/start-worker';
import { type SimulationReport, simulate } from '../../simulate/simulate';
import { simulationConfig } from '../../simulate/simulation-config';
import { action, argument, type CliContext, optionalWhole, text, whole } from '../frame';
import { openInstallation } from '../installation';
import { readInput } from '../read-input';
import { table } from '../terminal';

export function registerSimulate(loop: Command, context: CliContext): void {
  loop
    .command('simulate')
    .description('run whole rounds without people: simulated annotators rank by a hidden gold function, and the gold says what came of it')
    .argument('<dir>', 'Hugging Face folder of the SFT policy')
    .requiredOption(
      '--prompts <file>',
      'JSON Lines of prompts; the last --held-out of them are kept out of everything and measured at the end',
    )
    .option('--seeds <seeds>', 'comma-separated; one project and one loop each', '1')
    .option('--rounds <n>', 'rounds of each loop', '1')
    .option('--held-out <n>', 'prompts for the measurement alone', '96')
    .option('--samples <n>', 'answers to each held-out prompt', '4')
    .option('--annotators <n>', 'how many rank', '3')
    .option('--accuracy <p>', 'probability to order two answers as the gold does', '0.85')
    .option('--position-bias <p>', 'probability to prefer the first displayed of two equal answers; 0.5 is none', '0.55')
    .option('--tie-threshold <points>', 'gold difference below which two answers are tied', '0.1')
    .option('--steps <n>', 'PPO steps a round')
    .option('--prompts-per-round <n>', 'prompts to rank a round')
    .addHelpText('after', '\nExample:\n  plumbline loop simulate ./stories260k --prompts openings.jsonl --seeds 1,2,3 --rounds 2 --json')
    .action(
      action(context, async (given) => {
        const held = whole(given, 'heldOut', 2);
        const seeds = parseSeeds(text(given, 'seeds'));
        const prompts = await readPrompts(path.resolve(text(given, 'prompts')));
        if (prompts.length < held + 16) {
          throw new AppError(
            'BAD_INPUT',
            `There are ${prompts.length} prompts, and ${held} of them are held out; the loop needs at least 16 more.`,
          );
        }
        const annotator = annotatorConfig.parse({
          accuracy: Number(text(given, 'accuracy')),
          positionBias: Number(text(given, 'positionBias')),
          tieThreshold: Number(text(given, 'tieThreshold')),
        });
        const modelFolder = path.resolve(argument(given, 0));
        // before a project is made for it
        await readModel(await folderRanges(modelFolder), modelFolder);
        const installation = await openInstallation(context);
        const { deps, env } = installation;
        const worker = await startWorker({
          deps: { ...deps, logger: pino({ name: 'worker', level: 'warn' }, pino.destination(2)) },
          queues: ['general', 'compute-cpu'],
          settings: deps.queueSettings,
          environment: { ...process.env, DATABASE_URL: deps.config.databaseUrl, PLUMBLINE_HOME: env.dataDir },
        });
        context.onClose(() => worker.close());
        const report = await simulate(deps, {
          modelFolder,
          prompts: prompts.slice(0, -held),
          heldOut: prompts.slice(-held),
          seeds,
          rounds: whole(given, 'rounds', 1),
          annotators: whole(given, 'annotators', 1),
          annotator,
          config: simulationConfig({
            steps: optionalWhole(given, 'steps', 1),
            promptsPerRound: optionalWhole(given, 'promptsPerRound', 1),
          }),
          samplesPerPrompt: whole(given, 'samples', 1),
          log: (line) => context.terminal.line(line),
        });
        return { json: { ...report }, text: describe(report) };
      }),
    );
}

function parseSeeds(list: string): number[] {
  return list.split(',').map((written) => {
    const seed = Number(written);
    if (written.trim() !== '' && Number.isSafeInteger(seed) && seed >= 0 && seed < 2 ** 31) return seed;
    throw new AppError('BAD_INPUT', `"${written}" is no seed.`, { details: { option: 'seeds' }, remedy: 'For example --seeds 1,2,3.' });
  });
}

async function readPrompts(file: string): Promise<string[]> {
  const { rows, errors } = parsePromptsJsonl(await readInput(file, 'Name a JSON Lines file of prompts.'));
  const [fault] = errors;
  if (fault) {
    const what = fault.field ? `"${fault.field}" ${fault.message}` : fault.message;
    throw new AppError('BAD_INPUT', `${file}, line ${fault.line}: ${what}.`, {
      details: { file, line: fault.line },
      remedy: 'Mend the line, or take it out: a measurement leaves nothing out by itself.',
    });
  }
  return rows.map((row) => promptText(messagesSchema.parse(row.messages)));
}

function describe(report: SimulationReport): string {
  const fixed = (value: number) => (Number.isFinite(value) ? value.toFixed(3) : 'undefined');
  const range = (value: { mean: number; low: number; high: number } | null) =>
    value ? `${fixed(value.mean)} (${fixed(value.low)} to ${fixed(value.high)})` : null;
  const rounds = table(
    ['seed', 'round', 'outcome', 'reward accuracy', 'A/B win rate', 'gold', 'change', 'KL', 'words', 'distinct-1', 'distinct-2', 'ended'],
    report.rounds.map((each) => [
      each.seed,
      each.round,
      each.outcome.toLowerCase(),
      range(each.rewardAccuracy),
      range(each.winRate),
      fixed(each.gold),
      range(each.change),
      each.kl.toFixed(1),
      each.words.toFixed(1),
      fixed(each.distinct1),
      fixed(each.distinct2),
      fixed(each.ended),
    ]),
  );
  const samples = report.policies.map(
    ({ seed, name, policy }) =>
      `Seed ${seed}, ${name}: gold ${fixed(policy.gold)} (spread ${fixed(policy.goldSpread)}), KL ${policy.kl.toFixed(1)} nats, ${policy.words.toFixed(1)} words, distinct-2 ${fixed(policy.distinct2)}\n` +
      policy.samples.map((each) => `  ${fixed(each.gold)}  ${each.prompt} | ${each.answer.replaceAll('\n', ' ')}`).join('\n'),
  );
  const { sft, promoted, difference } = report.gold;
  return [
    `Gold: ${report.goldDescription}`,
    ...samples,
    rounds,
    `Gold on ${report.heldOutPrompts} prompts that nothing was trained or decided on: SFT ${fixed(sft)}, promoted ${fixed(promoted)}, difference ${range(difference)}.`,
  ].join('\n\n');
}
