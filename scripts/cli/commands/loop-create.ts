import path from 'node:path';
import { type Command, Option } from 'commander';
import { z } from 'zod';
import { type LoopConfigInput, loopConfig } from '#lib/domain/loop-config';
import { trainingPresetNames } from '#lib/domain/training-presets';
import { AppError } from '#lib/errors';
import { ppoConfig } from '#lib/ml/trainers/ppo-config';
import { rewardConfig } from '#lib/ml/trainers/reward-config';
import { createLoop } from '#lib/services/loops/create-loop';
import { getLoop } from '#lib/services/loops/get-loop';
import { parseTrainerConfig } from '../../../workers/processors/parse-trainer-config';
import { findDataset, findModel, findProject } from '../find';
import { action, type CliContext, optionalText, text } from '../frame';
import { openInstallation } from '../installation';
import { readInput } from '../read-input';
import { facts } from '../terminal';

type Settings = { [key: string]: unknown };
const settingsFile = z.record(z.string(), z.unknown());

export function registerLoopCreate(loop: Command, context: CliContext): void {
  loop
    .command('create')
    .description('make a loop from an SFT policy and a dataset; it waits until it is started')
    .requiredOption('--project <project>', 'address or id of the project')
    .requiredOption('--name <name>', 'name of the loop')
    .requiredOption('--model <model>', 'name or id of the SFT policy: the start, and the reference of the KL penalty')
    .requiredOption('--dataset <dataset>', 'name or id of the prompts')
    .addOption(
      new Option('--preset <preset>', 'where settings that are not given come from: auto chooses by the size of the policy')
        .choices(['auto', ...trainingPresetNames])
        .default('auto'),
    )
    .option('--config <file>', 'JSON file with settings of the loop; those left out come from the preset')
    .option('--set <key=value>', 'one setting, after those of --config; may be repeated', (value: string, before?: string[]) => [
      ...(before ?? []),
      value,
    ])
    .addHelpText(
      'after',
      `
Settings (in brackets what they are where neither you nor the preset says otherwise): ${describeDefaults()}.
reward.*: ${Object.keys(rewardConfig.shape).join(', ')}.
policy.*: ${Object.keys(ppoConfig.shape).join(', ')}.
Their defaults and sources stand in lib/ml/trainers, the presets in lib/domain/training-presets.ts; --json prints the settings that the loop got.

Example:
  plumbline loop create --project stories --name first --model stories260k --dataset openings \\
    --set promptsPerRound=32 --set sampling.maxNewTokens=64 --set decision.rule=win-rate`,
    )
    .action(
      action(context, async (given) => {
        const config = await readConfig(optionalText(given, 'config'), (given.options.set as string[] | undefined) ?? []);
        const name = text(given, 'name');
        const installation = await openInstallation(context);
        const { deps, actor } = installation;
        const project = await findProject(installation, text(given, 'project'));
        const model = await findModel(installation, project.id, text(given, 'model'));
        const dataset = await findDataset(installation, project.id, text(given, 'dataset'));
        const { loopId } = await createLoop(deps, actor, {
          projectId: project.id,
          name,
          referenceId: model.id,
          datasetId: dataset.id,
          config,
          preset: trainingPresetNames.find((each) => each === given.options.preset) ?? 'auto',
        });
        const made = await getLoop(deps, actor, { loopId });
        return {
          json: { loopId, project: project.slug, name, model: model.name, dataset: dataset.name, config: made.config },
          text: `${facts([
            ['loop', name],
            ['reference', model.name],
            ['prompts', dataset.name],
            ['id', loopId],
          ])}\n\nStart it: plumbline loop start ${loopId}`,
        };
      }),
    );
}

function describeDefaults(): string {
  const told: string[] = [];
  const walk = (value: Settings, before: string) => {
    for (const [key, inner] of Object.entries(value)) {
      if (typeof inner === 'object' && inner !== null) walk(inner as Settings, `${before}${key}.`);
      else told.push(`${before}${key} [${inner}]`);
    }
  };
  walk(loopConfig.parse({}), '');
  return told.join(', ');
}

/** The whole config, checked before anything is asked of the database: also the part of the trainers, which the worker would refuse late. */
async function readConfig(file: string | undefined, sets: readonly string[]): Promise<LoopConfigInput> {
  const settings: Settings = file === undefined ? {} : await readSettings(path.resolve(file));
  for (const each of sets) put(settings, each);
  const parsed = loopConfig.safeParse(settings);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const field = [...(issue?.path ?? []), ...(issue?.code === 'unrecognized_keys' ? issue.keys : [])].join('.');
    const what = issue?.code === 'unrecognized_keys' ? 'there is no such setting' : (issue?.message ?? 'cannot be used');
    throw new AppError('BAD_INPUT', `The setting "${field}": ${what}.`, {
      details: { field, ...(file === undefined ? {} : { file }) },
      remedy: 'plumbline loop create --help lists the settings.',
    });
  }
  const { data } = parsed;
  parseTrainerConfig(rewardConfig, data.reward, data.seed, 'reward');
  parseTrainerConfig(ppoConfig, data.policy, data.seed, 'policy');
  // As it was given: what was left out is filled from the preset that fits the policy.
  return settings;
}

async function readSettings(file: string): Promise<Settings> {
  const bad = (why: string, cause?: unknown) =>
    new AppError('BAD_INPUT', `${file}: ${why}.`, {
      details: { file },
      remedy: 'Give a JSON file that holds one object of settings.',
      cause,
    });
  const content = new TextDecoder().decode(await readInput(file, 'Give --config a JSON file that holds one object of settings.'));
  let json: unknown;
  try {
    json = JSON.parse(content);
  } catch (cause) {
    throw bad(`the file is not JSON (${cause instanceof Error ? cause.message : ''})`, cause);
  }
  const parsed = settingsFile.safeParse(json);
  if (!parsed.success) throw bad('the file holds no object');
  return structuredClone(parsed.data);
}

/** `a.b=3`: the value is JSON where it reads as JSON, else text. */
function put(settings: Settings, assignment: string): void {
  const [, key, written] = /^([A-Za-z]\w*(?:\.\w+)*)=(.*)$/s.exec(assignment) ?? [];
  if (key === undefined || written === undefined) {
    throw new AppError('BAD_INPUT', `--set ${assignment} is not of the form key=value.`, {
      details: { option: 'set' },
      remedy: 'For example --set promptsPerRound=32.',
    });
  }
  const names = key.split('.');
  const last = names.pop() ?? '';
  let at = settings;
  for (const name of names) {
    const inner = Object.hasOwn(at, name) ? at[name] : undefined;
    const next: Settings = typeof inner === 'object' && inner !== null ? (inner as Settings) : {};
    if (name === '__proto__') throw new AppError('BAD_INPUT', `There is no setting "${key}".`);
    at[name] = next;
    at = next;
  }
  at[last] = readValue(written);
}

function readValue(written: string): unknown {
  try {
    return JSON.parse(written);
  } catch {
    return written;
  }
}
