import path from 'node:path';
import { type Command, Option } from 'commander';
import { convertLlama2c } from '#lib/ml/models/convert-llama2c';
import { serializeModel } from '#lib/ml/models/serialize-model';
import { action, type CliContext, text } from '../frame';
import { readInput } from '../read-input';
import { facts, formatBytes } from '../terminal';
import { requireFreeFolder, writeFolder } from '../write-folder';

export function registerModelsConvert(models: Command, context: CliContext): void {
  models
    .command('convert')
    .description('turn model files of another program into a Hugging Face folder; needs no database')
    .addOption(new Option('--from <format>', 'what the files are').choices(['llama2c']).makeOptionMandatory())
    .requiredOption('--weights <file>', 'checkpoint, for example stories260K.bin')
    .requiredOption('--tokenizer <file>', 'tokenizer, for example tok512.bin')
    .requiredOption('--out <dir>', 'folder to make')
    .option('--force', 'write into a folder that is not empty; its other files stay')
    .addHelpText(
      'after',
      '\nExample:\n  plumbline models convert --from llama2c --weights stories260K.bin --tokenizer tok512.bin --out stories260k',
    )
    .action(
      action(context, async (given) => {
        const out = path.resolve(text(given, 'out'));
        await requireFreeFolder(out, given.options.force === true);
        const weightsSource = path.resolve(text(given, 'weights'));
        const tokenizerSource = path.resolve(text(given, 'tokenizer'));
        const weights = await readInput(weightsSource, 'Give --weights a file that can be read.');
        const tokenizer = await readInput(tokenizerSource, 'Give --tokenizer a file that can be read.');
        const model = convertLlama2c({ weights, tokenizer, weightsSource, tokenizerSource });
        const written = await writeFolder(out, serializeModel(model), context.signal);
        let parameterCount = 0;
        for (const { shape } of model.weights.values()) parameterCount += shape.reduce((product, length) => product * length, 1);
        const { config } = model;
        return {
          json: { folder: out, from: 'llama2c', parameterCount, config, files: written },
          text: `${facts([
            ['folder', out],
            ['parameters', parameterCount],
            ['layers', `${config.layers}, width ${config.hiddenSize}, ${config.heads} heads, ${config.keyValueHeads} of keys and values`],
            ['context', `${config.contextLength} tokens`],
            ['vocabulary', `${config.vocabSize} tokens`],
            ['files', written.map(({ name, size }) => `${name} (${formatBytes(size)})`).join(', ')],
          ])}\n\nImport it: plumbline models import ${out} --project PROJECT --name NAME`,
        };
      }),
    );
}
