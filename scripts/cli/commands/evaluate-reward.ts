import path from 'node:path';
import { type Command, Option } from 'commander';
import type { Split } from '#lib/domain/splits';
import { evaluateReward } from '#lib/ml/evaluation/reward-report';
import { combineMembers, createRewardScorer } from '#lib/ml/evaluation/reward-scorer';
import { rankedPrompts } from '#lib/ml/training/tokenize-preferences';
import { openEngine } from '../engine-process';
import { action, type CliContext, type Given, type Outcome, optionalText, text, whole } from '../frame';
import { facts } from '../terminal';
import { encoderOf } from '../train/open-model';
import { openReward } from '../train/open-reward';
import { readWholeFile } from '../train/read-data';

export function registerEvaluateReward(evaluate: Command, context: CliContext): void {
  evaluate
    .command('reward')
    .description('how well a reward model agrees with judgements, beside the rule "the longer answer is better"; needs no database')
    .requiredOption('--model <dir>', 'folder of a reward model, or of an ensemble')
    .requiredOption('--data <file>', 'rankings or pairs, JSON Lines or JSON')
    .addOption(new Option('--split <split>', 'only rows of this split, where rows name theirs').choices(['train', 'validation', 'test']))
    .option('--chat', 'texts are what a user says; the chat template writes them')
    .option('--seed <n>', 'of the intervals, which are bootstrapped over prompts', '1')
    .addHelpText(
      'after',
      `
"accuracy" is the share of judgements whose better answer scores strictly higher, [low, high] its 95 % interval, n the judgements that prefer an
answer; "ece" is the expected calibration error, "lengthBaseline" what the length of the answers alone reaches, "beatsLength" whether the model is
better than that beyond chance.

Example:
  plumbline evaluate reward --model reward --data rankings.jsonl --split test --json`,
    )
    .action(action(context, (given) => run(context, given)));
}

async function run(context: CliContext, given: Given): Promise<Outcome> {
  const engine = await openEngine(context.terminal.line);
  const [folder, file] = [path.resolve(text(given, 'model')), path.resolve(text(given, 'data'))];
  const { dispose, members } = await openReward(engine, folder, { option: 'model' });
  try {
    const [first] = members as [(typeof members)[number], ...typeof members];
    const encoder = encoderOf(first.opened, { chat: given.options.chat === true, maxLength: null, overlong: 'refuse' });
    const { items, notes } = rankedPrompts(await readWholeFile(file), encoder);
    const split = optionalText(given, 'split')?.toUpperCase() as Split | undefined;
    // what differences of a single model are worth is asked of its raw scores; members are put on one scale first
    const own = members.length === 1 ? { mean: 0, std: 1 } : undefined;
    const scorers = members.map(({ model, normalisation }) => createRewardScorer({ engine, model, normalisation: own ?? normalisation }));
    const report = evaluateReward({
      score: (rows) =>
        combineMembers(
          scorers.map((score) => score(rows)),
          { kind: 'mean' },
        ).total,
      data: items,
      contextLength: Math.min(...members.map(({ opened }) => opened.files.config.contextLength)),
      seed: whole(given, 'seed', 0),
      ...(split ? { split } : {}),
    });
    for (const { count, message } of notes) context.terminal.line(`note: ${count} ${message}`);
    const percent = (value: number | null) => (value === null ? null : `${(100 * value).toFixed(1)} %`);
    return {
      json: { ...report },
      text: `${facts([
        ['accuracy', percent(report.accuracy)],
        ['95 % interval', report.low === null ? null : `${percent(report.low)} to ${percent(report.high)}`],
        ['judgements', report.n],
        ['ties', report.ties],
        ['prompts', report.prompts],
        ['length rule', percent(report.lengthBaseline)],
        ['calibration error', report.ece === null ? null : report.ece.toFixed(3)],
      ])}\n${report.verdict}`,
    };
  } finally {
    dispose();
  }
}
