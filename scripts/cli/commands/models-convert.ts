import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { type Command, Option } from 'commander';
import { AppError } from '#lib/errors';
import { convertLlama2c } from '#lib/ml/models/convert-llama2c';
import { serializeModel } from '#lib/ml/models/hugging-face';
import { action, type CliContext, text } from '../frame';
import { readInput } from '../read-input';
import { facts, formatBytes } from '../terminal';

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
        await requireFree(out, given.options.force === true);
        const weightsSource = path.resolve(text(given, 'weights'));
        const tokenizerSource = path.resolve(text(given, 'tokenizer'));
        const weights = await readInput(weightsSource, 'Give --weights a file that can be read.');
        const tokenizer = await readInput(tokenizerSource, 'Give --tokenizer a file that can be read.');
        const model = convertLlama2c({ weights, tokenizer, weightsSource, tokenizerSource });
        const files = serializeModel(model);
        const written = await writeFolder(out, files, context.signal);
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

async function requireFree(out: string, force: boolean): Promise<void> {
  const found = await stat(out).catch(() => undefined);
  if (found === undefined) return;
  if (!found.isDirectory()) {
    throw new AppError('BAD_INPUT', `${out} is a file, not a folder.`, { details: { file: out }, remedy: 'Choose another --out.' });
  }
  if (!force && (await readdir(out)).length > 0) {
    throw new AppError('PRECONDITION', `The folder ${out} is not empty; nothing was written.`, {
      details: { folder: out },
      remedy: 'Choose another --out, or add --force to write into it.',
    });
  }
}

/** Written beside `out` first: a folder that is there holds every file whole. */
async function writeFolder(
  out: string,
  files: Readonly<Record<string, string | Uint8Array>>,
  signal: AbortSignal,
): Promise<{ name: string; size: number }[]> {
  const draft = path.join(path.dirname(out), `.${path.basename(out)}.${randomUUID()}`);
  const written: { name: string; size: number }[] = [];
  try {
    await mkdir(draft, { recursive: true });
    for (const [name, content] of Object.entries(files)) {
      const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
      const handle = await open(path.join(draft, name), 'wx');
      await handle.writeFile(bytes);
      await handle.sync();
      await handle.close();
      written.push({ name, size: bytes.length });
    }
    if (signal.aborted) throw new AppError('CANCELLED', 'Stopped.');
    await mkdir(out, { recursive: true });
    for (const { name } of written) await rename(path.join(draft, name), path.join(out, name));
    return written;
  } catch (error) {
    throw writeError(error, out);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

function writeError(error: unknown, out: string): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new AppError('DISK_FULL', `There is no space left for ${out}.`, {
      details: { folder: out },
      remedy: 'Free some space, then try again.',
      cause: error,
    });
  }
  if (code.startsWith('E') && !(error instanceof AppError)) {
    return new AppError('BAD_INPUT', `The folder ${out} cannot be written (${code}).`, {
      details: { folder: out },
      remedy: 'Choose an --out that this user may write to.',
      cause: error,
    });
  }
  return error;
}
