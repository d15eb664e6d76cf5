import path from 'node:path';
import type { Command } from 'commander';
import { getModel } from '#lib/services/models/get-model';
import { nameTaken } from '#lib/services/models/import-model';
import { listModels } from '#lib/services/models/list-models';
import { importFolder } from '../../../workers/processors/import-folder';
import { findProject } from '../find';
import { action, argument, type CliContext, text } from '../frame';
import { openInstallation } from '../installation';
import { facts } from '../terminal';

export function registerModelsImport(models: Command, context: CliContext): void {
  models
    .command('import')
    .description('check a Hugging Face folder (config.json, model.safetensors, tokenizer.json) and take the model into a project')
    .argument('<dir>', 'the folder')
    .requiredOption('--project <project>', 'address or id of the project')
    .requiredOption('--name <name>', 'name of the model in the project')
    .addHelpText('after', '\nExample:\n  plumbline models import ./stories260k --project stories --name stories260k')
    .action(
      action(context, async (given) => {
        const folder = path.resolve(argument(given, 0));
        const name = text(given, 'name').trim();
        const installation = await openInstallation(context);
        const { deps, actor } = installation;
        const { id: projectId, slug } = await findProject(installation, text(given, 'project'));
        const there = await listModels(deps, actor, { projectId });
        if (there.some((model) => model.name === name)) throw nameTaken(name);
        context.terminal.progress(`checking and copying ${folder}`);
        const { modelId } = await importFolder(deps, actor, { projectId, name, folder });
        const model = await getModel(deps, actor, { modelId });
        return {
          json: {
            modelId,
            project: slug,
            name: model.name,
            kind: model.kind,
            parameterCount: model.parameterCount,
            contextLength: model.contextLength,
            vocabularySize: model.vocabularySize,
            weightsHash: model.weightsHash,
            files: model.files,
          },
          text: facts([
            ['model', model.name],
            ['kind', model.kind.toLowerCase()],
            ['parameters', model.parameterCount],
            ['context', `${model.contextLength} tokens`],
            ['vocabulary', `${model.vocabularySize} tokens`],
            ['weights', `sha256 ${model.weightsHash}`],
            ['id', modelId],
          ]),
        };
      }),
    );
}
