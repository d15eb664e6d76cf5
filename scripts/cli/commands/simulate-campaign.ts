import type { Command } from 'commander';
import { type CampaignReport, simulateCampaign } from '#lib/domain/simulation/campaign';
import { accuracyFromAgreement, type CampaignConfig, campaignConfig } from '#lib/domain/simulation/campaign-config';
import { AppError } from '#lib/errors';
import { action, type CliContext, type Given, optionalText, text } from '../frame';
import { table } from '../terminal';

const about = `
Before paying anyone: people of the stated quality are simulated, their rankings train a reward model, and what it would get right is computed.

What it stands for. Answers have a true worth (gold). People see it with noise, some favour the answer shown first, and call close answers equal. The
reward model is linear in --dimension numbers of an answer, trained on all pairs; --reach is the share of the gold that those numbers can express, which sets the
ceiling. Accuracy is the probability to order two new answers as the gold does; intervals are over --worlds simulated worlds.
What it cannot know. How good your people are (measure agreement in a pilot and give --agreement), how much of what they value your model can
express (--reach), and whether all people want the same. A large model with good features learns as if --dimension were small.

People are groups "accuracy x number" with an optional first-place share: 0.85x6,0.7/0.65x3 is six people who order two answers rightly with
probability 0.85 and three with 0.7 who take the first of two equal answers with probability 0.65.

Example:
  plumbline simulate campaign --annotators 0.85x6,0.7x3 --target 0.8 --price 0.5 --json`;

export function registerSimulateCampaign(simulate: Command, context: CliContext): void {
  simulate
    .command('campaign')
    .description('tell how many rankings of how many tasks a wanted reward-model accuracy needs, and what they cost; needs no database')
    .option('--annotators <groups>', 'who ranks: accuracy x number, comma-separated (default: 0.85x6)')
    .option('--agreement <p>', 'instead of accuracies: how often two people order two answers alike, as measured in a pilot')
    .option('--people <n>', 'with --agreement: how many', '6')
    .option('--target <p>', 'wanted accuracy of the reward model', '0.8')
    .option('--labels <numbers>', 'rankings to pay for, comma-separated', '50,100,250,500,1000,2000')
    .option('--overlaps <numbers>', 'rankings of each task by different people, comma-separated', '1,2,3,5')
    .option('--answers <k>', 'answers a task, 2 to 9', '4')
    .option('--price <money>', 'for one ranking, in any currency', '0.5')
    .option('--minutes <minutes>', 'time for one ranking', '2')
    .option('--tie-threshold <points>', 'answers perceived closer than this are tied', '0.15')
    .option(
      '--gold-spread <points>',
      'standard deviation of the worth of answers to a task; accuracies are stated for 1, less is harder',
      '1',
    )
    .option('--dimension <n>', 'numbers that the reward model learns from', '32')
    .option('--reach <share>', 'share of the worth that those numbers can express', '0.8')
    .option('--weights <kind>', 'equal, or agreement: weigh people by how far they agree with what is learned', 'equal')
    .option('--worlds <n>', 'simulated worlds', '6')
    .option('--seed <n>', 'the same seed gives the same numbers', '1')
    .addHelpText('after', about)
    .action(
      action(context, async (given) => {
        const config = readConfig(given);
        const report = await run(config, context);
        return { json: { config, ...report }, text: describe(report, config) };
      }),
    );
}

async function run(config: CampaignConfig, context: CliContext): Promise<CampaignReport> {
  const simulation = simulateCampaign(config);
  for (;;) {
    const step = simulation.next();
    if (step.done) return step.value;
    const { done, of } = step.value;
    if (done === of || done % Math.max(1, Math.floor(of / 10)) === 0) context.terminal.line(`${done} of ${of} simulations done`);
    // lets Ctrl-C through
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function readConfig(given: Given): CampaignConfig {
  const number = (name: string) => numberOf(text(given, name), name);
  const list = (name: string) =>
    text(given, name)
      .split(',')
      .map((each) => numberOf(each, name));
  const parsed = campaignConfig.safeParse({
    crew: readCrew(given),
    target: number('target'),
    labels: list('labels'),
    overlaps: list('overlaps'),
    responses: number('answers'),
    price: number('price'),
    minutes: number('minutes'),
    tieThreshold: number('tieThreshold'),
    goldSpread: number('goldSpread'),
    dimension: number('dimension'),
    reach: number('reach'),
    weights: text(given, 'weights'),
    worlds: number('worlds'),
    seed: number('seed'),
  });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = String(issue?.path[0] ?? '');
  const flag = { crew: 'annotators', responses: 'answers', goldSpread: 'gold-spread', tieThreshold: 'tie-threshold' }[field] ?? field;
  throw new AppError('BAD_INPUT', `--${flag}: ${issue?.message ?? 'cannot be read'}.`, { details: { option: flag } });
}

function numberOf(written: string, name: string): number {
  const value = Number(written);
  if (written.trim() !== '' && Number.isFinite(value)) return value;
  const flag = name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  throw new AppError('BAD_INPUT', `--${flag} takes numbers, not "${written}".`, { details: { option: name } });
}

function readCrew(given: Given): CampaignConfig['crew'] {
  const groups = optionalText(given, 'annotators');
  const agreement = optionalText(given, 'agreement');
  if (groups !== undefined && agreement !== undefined)
    throw new AppError('BAD_INPUT', 'Give --annotators or --agreement, not both.', { details: { option: 'agreement' } });
  if (agreement !== undefined) {
    const share = numberOf(agreement, 'agreement');
    if (!(share > 0.5 && share <= 1))
      throw new AppError('BAD_INPUT', `--agreement lies above 0.5 (chance) and up to 1, not ${agreement}.`, {
        details: { option: 'agreement' },
      });
    return [{ people: numberOf(text(given, 'people'), 'people'), accuracy: accuracyFromAgreement(share), positionBias: 0.5 }];
  }
  return (groups ?? '0.85x6').split(',').map((group) => {
    const [, accuracy, bias, people] = /^\s*([0-9.]+)(?:\/([0-9.]+))?x([0-9]+)\s*$/.exec(group) ?? [];
    if (accuracy === undefined || people === undefined)
      throw new AppError('BAD_INPUT', `--annotators: "${group}" is no group of people.`, {
        details: { option: 'annotators' },
        remedy: 'Write accuracy x number, for example 0.85x6,0.7/0.65x3.',
      });
    return { people: Number(people), accuracy: Number(accuracy), positionBias: bias === undefined ? 0.5 : Number(bias) };
  });
}

function describe(report: CampaignReport, config: CampaignConfig): string {
  const percent = (value: number) => `${(100 * value).toFixed(1)} %`;
  const points = (value: number) => `${value >= 0 ? '+' : ''}${(100 * value).toFixed(2)}`;
  const range = ({ high, low, value }: { value: number; low: number; high: number }, shown: (value: number) => string) =>
    `${shown(value)} (${shown(low)} to ${shown(high)})`;
  const rows = report.cells.map((cell) => [
    `${cell.overlap}`,
    `${cell.labels}`,
    `${cell.tasks}`,
    range(cell.accuracy, percent),
    cell.accuracy.low >= report.target ? 'yes' : cell.accuracy.value >= report.target ? 'on average' : 'no',
    cell.cost.toFixed(2),
    cell.hours.toFixed(1),
  ]);
  const { cheapest, oneMore } = report;
  const same = oneMore.sameTasks;
  return [
    table(['overlap', 'rankings', 'tasks', 'accuracy (95 % interval)', `reaches ${percent(report.target)}`, 'cost', 'hours'], rows),
    `The ceiling is ${percent(report.ceiling)}: no more can be expressed by a reward model with reach ${config.reach}.`,
    cheapest
      ? `Cheapest plan for ${percent(report.target)}: ${cheapest.labels} rankings${cheapest.orFewer ? ' or fewer' : ''}, ${cheapest.overlap} of each of ${cheapest.tasks} tasks: ${cheapest.cost.toFixed(2)} and ${cheapest.hours.toFixed(1)} hours of people's time.`
      : `No plan in the table reaches ${percent(report.target)}: ${report.reason}.`,
    `For ${oneMore.cost.toFixed(2)} more, from ${oneMore.tasks} tasks with ${oneMore.overlap} rankings each: one more ranking of each task gives ${same ? `${range(same, points)} points` : 'nothing that can be told (the crew is too small)'}; as many of new tasks ${range(oneMore.newTasks, points)} points.`,
  ].join('\n\n');
}
