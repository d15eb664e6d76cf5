import path from 'node:path';
import type { Command } from 'commander';
import { AppError } from '#lib/errors';
import { createLanguageModel } from '#lib/ml/nn/language-model';
import { type RewardSpec, rewardSpec } from '#lib/ml/rewards/reward-spec';
import { trainingPrompts } from '#lib/ml/training/tokenize-examples';
import { openEngine } from '../engine-process';
import { comparePolicies, type PolicyReport } from '../evaluate/compare-policies';
import { action, type CliContext, type Given, type Outcome, optionalText, text, whole } from '../frame';
import { facts } from '../terminal';
import { readConfigFile } from '../train/config-file';
import { encoderOf, openFolder, requireSameTokenizer } from '../train/open-model';
import { openScorer, requireReward } from '../train/open-scorer';
import { readWholeFile } from '../train/read-data';

export function registerEvaluatePolicy(evaluate: Command, context: CliContext): void {
  evaluate
    .command('policy')
    .description('reward, KL to a reference, length and win rate of a policy on prompts; needs no database')
    .requiredOption('--model <dir>', 'Hugging Face folder of the policy')
    .requiredOption('--reference <dir>', 'the policy that it is compared with, such as the SFT model')
    .requiredOption('--prompts <file>', 'prompts, JSON Lines; data of any form that has prompts')
    .option('--reward <dir>', 'folder of a reward model or an ensemble')
    .option('--reward-spec <json>', 'reward as in the config of plumbline train: JSON, or a JSON or YAML file')
    .option('--samples <n>', 'answers a prompt', '1')
    .option('--max-new-tokens <n>', 'longest answer', '256')
    .option('--temperature <t>', 'of sampling and of the KL', '1')
    .option('--chat', 'texts are what a user says; the chat template writes them')
    .option('--seed <n>', 'what the noise is made of', '0')
    .addHelpText(
      'after',
      `
Both answer the same prompts with the same noise. "kl" is in nats an answer, on the policy's own answers; "winRate" is how often the policy's answer
has the higher reward, ties count one half. Intervals are 95 %, bootstrapped over prompts. What one reward says is no human judgement: look at
answers too.

Example:
  plumbline evaluate policy --model policy --reference sft --reward reward --prompts prompts.jsonl --json`,
    )
    .action(action(context, (given) => run(context, given), { endsItself: true }));
}

async function readSpec(given: Given): Promise<RewardSpec> {
  const written = optionalText(given, 'rewardSpec');
  const folder = optionalText(given, 'reward');
  if (written === undefined) return requireReward(null, folder);
  const json = /^\s*[[{]/.test(written) ? parseJson(written) : await readConfigFile(path.resolve(written));
  const parsed = rewardSpec.safeParse(json);
  if (parsed.success) return requireReward(parsed.data, folder);
  throw new AppError('BAD_INPUT', `--reward-spec is no reward: ${parsed.error.issues[0]?.message ?? 'unknown form'}.`, {
    details: { option: 'rewardSpec', field: parsed.error.issues[0]?.path.join('.') ?? '' },
    remedy: 'For example --reward-spec \'{"rule":"length"}\'; docs/training.md has the others.',
  });
}

function parseJson(written: string): unknown {
  try {
    return JSON.parse(written);
  } catch (cause) {
    throw new AppError('BAD_INPUT', '--reward-spec is not JSON.', { details: { option: 'rewardSpec' }, cause });
  }
}

/** @throws AppError BAD_INPUT: at 0 there is no distribution whose KL could be taken */
function readTemperature(given: Given): number {
  const temperature = Number(text(given, 'temperature'));
  if (Number.isFinite(temperature) && temperature > 0) return temperature;
  throw new AppError('BAD_INPUT', `--temperature takes a number above 0, not "${text(given, 'temperature')}".`, {
    details: { option: 'temperature' },
  });
}

async function run(context: CliContext, given: Given): Promise<Outcome> {
  const { signal, terminal } = context;
  const [spec, temperature] = [await readSpec(given), readTemperature(given)];
  const [samples, maxNewTokens, seed] = [whole(given, 'samples', 1), whole(given, 'maxNewTokens', 1), whole(given, 'seed', 0)];
  const engine = await openEngine(terminal.line);
  const opened = await openFolder(path.resolve(text(given, 'model')));
  const other = await openFolder(path.resolve(text(given, 'reference')));
  requireSameTokenizer(opened, other, 'reference');
  const encoder = encoderOf(opened, { chat: given.options.chat === true, maxLength: null, overlong: 'refuse' });
  const { expected, items } = trainingPrompts(await readWholeFile(path.resolve(text(given, 'prompts'))), encoder, { maxNewTokens });
  const scorer = await openScorer(engine, spec, { policy: opened, expected });
  const [policy, reference] = [createLanguageModel(engine, opened.files), createLanguageModel(engine, other.files)];
  try {
    const report = await comparePolicies({
      ...{ engine, policy, reference, score: scorer.score, prompts: items, samples, maxNewTokens, temperature, seed, signal },
      stopIds: opened.files.config.stopTokenIds,
      onPhase: (phase) => terminal.progress(phase),
    });
    terminal.endProgress();
    return { json: { ...report }, text: describe(report) };
  } finally {
    for (const model of [policy, reference]) model.dispose();
    scorer.dispose();
  }
}

function describe(report: PolicyReport): string {
  const range = (value: number, low: number | null, high: number | null) =>
    `${value.toFixed(3)}${low === null || high === null ? '' : ` (${low.toFixed(3)} to ${high.toFixed(3)})`}`;
  const { reference } = report;
  return facts([
    ['reward', range(report.reward, report.rewardLow, report.rewardHigh)],
    ['reward of the reference', reference.reward.toFixed(3)],
    ['KL, nats an answer', range(report.kl, report.klLow, report.klHigh)],
    ['win rate', range(report.winRate, report.winRateLow, report.winRateHigh)],
    ['length, tokens', `${report.length.toFixed(1)} (reference: ${reference.length.toFixed(1)})`],
    ['answers that end', `${(100 * report.eosRate).toFixed(0)} % (reference: ${(100 * reference.eosRate).toFixed(0)} %)`],
    ['answers of each', `${report.n} to ${report.prompts} prompts`],
  ]);
}
