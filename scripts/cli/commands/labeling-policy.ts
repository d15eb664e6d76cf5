import type { Command } from 'commander';
import { AppError } from '#lib/errors';
import { getLabelingPolicy } from '#lib/services/labeling/get-labeling-policy';
import { saveLabelingPolicy } from '#lib/services/labeling/save-labeling-policy';
import { findProject } from '../find';
import { action, type CliContext, text } from '../frame';
import { openInstallation } from '../installation';

export function registerLabelingPolicy(labeling: Command, context: CliContext): void {
  labeling
    .command('policy')
    .description('show or change how a project hands out its work: overlap, adaptive overlap, quotas, pay, skipping, checks')
    .requiredOption('--project <project>', 'address or id of the project')
    .option('--set <key=value...>', 'what changes; of a group: group.key=value; the value is JSON, or a word')
    .addHelpText(
      'after',
      '\nExample:\n  plumbline labeling policy --project stories\n  plumbline labeling policy --project stories --set overlap=3 quota.daily=200 adaptive.enabled=true',
    )
    .action(
      action(context, async (given) => {
        const installation = await openInstallation(context);
        const { id: projectId } = await findProject(installation, text(given, 'project'));
        const changes = Array.isArray(given.options.set) ? given.options.set.map(String) : [];
        const { deps, actor } = installation;
        const policy =
          changes.length === 0
            ? await getLabelingPolicy(deps, actor, { projectId })
            : await saveLabelingPolicy(deps, actor, { projectId, policy: readChanges(changes) });
        return { json: { policy }, text: JSON.stringify(policy, null, 2) };
      }),
    );
}

type Json = Parameters<typeof saveLabelingPolicy>[2]['policy'];

function readChanges(changes: readonly string[]): Json {
  const policy: Json = {};
  for (const change of changes) {
    const [, group, key, value] = /^([A-Za-z]+)(?:\.([A-Za-z]+))?=(.*)$/s.exec(change) ?? [];
    if (group === undefined || value === undefined)
      throw new AppError('BAD_INPUT', `--set takes key=value or group.key=value, not "${change}".`);
    const before = policy[group];
    if (key === undefined) policy[group] = readValue(value);
    else
      policy[group] = {
        ...(typeof before === 'object' && before !== null && !Array.isArray(before) ? before : {}),
        [key]: readValue(value),
      };
  }
  return policy;
}

function readValue(value: string): Json[string] {
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
