import type { Command } from 'commander';
import { AppError } from '#lib/errors';
import { listPools } from '#lib/services/labeling/list-pools';
import { placeTasks } from '#lib/services/labeling/place-tasks';
import { savePool } from '#lib/services/labeling/save-pool';
import { findDataset, findProject } from '../find';
import { action, type CliContext, type Given, optionalText, text } from '../frame';
import { type Installation, openInstallation } from '../installation';
import { table } from '../terminal';

function words(given: Given, name: string): string[] {
  const value = given.options[name];
  return Array.isArray(value) ? value.map(String) : [];
}

/** `labeling pools`, `labeling pool` and `labeling place`. */
export function registerLabelingPools(labeling: Command, context: CliContext): void {
  labeling
    .command('pools')
    .description('list the pools of tasks, for whom they are and how many people that is')
    .requiredOption('--project <project>', 'address or id of the project')
    .addHelpText('after', '\nExample:\n  plumbline labeling pools --project stories')
    .action(
      action(context, async (given) => {
        const { deps, actor, projectId } = await open(context, given);
        const pools = await listPools(deps, actor, { projectId });
        const rows = pools.map((pool) => [
          ...[pool.name, pool.skills.join(', '), pool.languages.join(', '), pool.qualifiedOnly ? 'yes' : ''],
          ...[String(pool.tasks), String(pool.people)],
        ]);
        return { json: { pools }, text: table(['pool', 'skills', 'languages', 'qualified', 'tasks', 'people'], rows) };
      }),
    );
  labeling
    .command('pool')
    .description('make a pool, or change for whom it is')
    .requiredOption('--project <project>', 'address or id of the project')
    .requiredOption('--name <name>', 'its name')
    .option('--skills <skill...>', 'a person needs all of them')
    .option('--languages <language...>', 'a person needs one of them')
    .option('--qualified', 'only for people who passed the qualification')
    .addHelpText(
      'after',
      '\nExample:\n  plumbline labeling pool --project stories --name medical --skills medicine --languages en --qualified',
    )
    .action(
      action(context, async (given) => {
        const { deps, actor, projectId } = await open(context, given);
        const whom = {
          skills: words(given, 'skills'),
          languages: words(given, 'languages'),
          qualifiedOnly: given.options.qualified === true,
        };
        const pool = await savePool(deps, actor, { projectId, name: text(given, 'name'), ...whom });
        return { json: { pool }, text: `Pool ${pool.name} is saved.` };
      }),
    );
  labeling
    .command('place')
    .description('put the open tasks of an import into a pool, or give them a priority')
    .requiredOption('--project <project>', 'address or id of the project')
    .requiredOption('--dataset <dataset>', 'name or id of the dataset of their import')
    .option('--pool <name>', 'the pool; "none" for everybody')
    .option('--priority <number>', 'higher comes first')
    .addHelpText('after', '\nExample:\n  plumbline labeling place --project stories --dataset cases --pool medical --priority 2')
    .action(
      action(context, async (given) => {
        const installation = await open(context, given);
        const { deps, actor, projectId } = installation;
        const dataset = await findDataset(installation, projectId, text(given, 'dataset'));
        const poolId = await findPool(installation, projectId, optionalText(given, 'pool'));
        const priority = optionalText(given, 'priority');
        const { placed } = await placeTasks(deps, actor, {
          projectId,
          tasks: { datasetId: dataset.id },
          ...(poolId !== undefined && { poolId }),
          ...(priority !== undefined && { priority: Number(priority) }),
        });
        return { json: { placed }, text: `${placed} tasks are placed.` };
      }),
    );
}

async function open(context: CliContext, given: Given) {
  const installation = await openInstallation(context);
  const { id: projectId } = await findProject(installation, text(given, 'project'));
  return { ...installation, projectId };
}

async function findPool({ deps, actor }: Installation, projectId: string, name: string | undefined): Promise<string | null | undefined> {
  if (name === undefined) return undefined;
  if (name === 'none') return null;
  const pool = (await listPools(deps, actor, { projectId })).find((one) => one.name === name);
  if (pool) return pool.id;
  throw new AppError('NOT_FOUND', `There is no pool ${name}.`, { remedy: 'plumbline labeling pools lists them.' });
}
