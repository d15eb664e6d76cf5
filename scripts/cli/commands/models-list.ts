import { type Command, Option } from 'commander';
import { listModels, modelKinds } from '#lib/services/models/list-models';
import { findProject } from '../find';
import { action, type CliContext, optionalText, text } from '../frame';
import { openInstallation } from '../installation';
import { formatTime, table } from '../terminal';

export function registerModelsList(models: Command, context: CliContext): void {
  models
    .command('list')
    .description('list the models of a project, newest first')
    .requiredOption('--project <project>', 'address or id of the project')
    .addOption(new Option('--kind <kind>', 'only one kind').choices(modelKinds.map((kind) => kind.toLowerCase())))
    .addHelpText('after', '\nExample:\n  plumbline models list --project stories --kind policy')
    .action(
      action(context, async (given) => {
        const installation = await openInstallation(context);
        const { id: projectId } = await findProject(installation, text(given, 'project'));
        const wanted = optionalText(given, 'kind')?.toUpperCase();
        const kind = modelKinds.find((each) => each === wanted);
        const found = await listModels(installation.deps, installation.actor, { projectId, ...(kind ? { kind } : {}) });
        return {
          json: { models: found },
          text:
            found.length === 0
              ? 'There is no model yet. Import one: plumbline models import DIR'
              : table(
                  ['name', 'kind', 'parameters', 'context', 'vocabulary', 'from', 'made'],
                  found.map((model) => [
                    model.name,
                    model.kind.toLowerCase(),
                    model.parameterCount,
                    model.contextLength,
                    model.vocabularySize,
                    model.imported ? 'import' : `${model.loopName ?? 'run'}${model.roundOrdinal ? `, round ${model.roundOrdinal}` : ''}`,
                    formatTime(model.createdAt),
                  ]),
                ),
        };
      }),
    );
}
