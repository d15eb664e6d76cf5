import path from 'node:path';
import { type Command, Option } from 'commander';
import { AppError } from '#lib/errors';
import { parseConfig } from '#lib/ml/models/model-config';
import { newModel } from '#lib/ml/models/new-model';
import { serializeModel } from '#lib/ml/models/serialize-model';
import { loadTokenizer } from '#lib/ml/tokenizers/tokenizer';
import { tokenizerJsonOfFile } from '#lib/ml/tokenizers/tokenizer-files';
import { action, type CliContext, type Given, optionalText, optionalWhole, text, whole } from '../frame';
import { readInput } from '../read-input';
import { facts, formatBytes } from '../terminal';
import { requireFreeFolder, writeFolder } from '../write-folder';

export function registerModelsNew(models: Command, context: CliContext): void {
  models
    .command('new')
    .description('make a model with random weights, for training from scratch; needs no database')
    .addOption(new Option('--family <family>', 'architecture').choices(['llama', 'gpt2']).makeOptionMandatory())
    .requiredOption('--hidden <width>', 'width of the hidden states')
    .requiredOption('--layers <n>', 'number of layers')
    .requiredOption('--heads <n>', 'number of attention heads')
    .option('--kv-heads <n>', 'heads of keys and values, shared by groups of heads (llama; default: as many as heads)')
    .option('--intermediate <width>', 'width inside the feed-forward layers (default: 8/3 of the width for llama, 4 times for gpt2)')
    .option('--context <tokens>', 'longest text that it reads', '512')
    .option('--vocabulary-from <file>', 'tokenizer.json, a SentencePiece .model or a llama2.c .bin, which goes into the folder')
    .option('--vocabulary-size <n>', 'number of tokens, where there is no tokenizer yet')
    .option('--tied', 'the embedding is the output matrix too (gpt2 always)')
    .option('--seed <n>', 'of the random weights', '0')
    .requiredOption('--out <dir>', 'folder to make')
    .option('--force', 'write into a folder that is not empty; its other files stay')
    .addHelpText(
      'after',
      '\nExample:\n  plumbline models new --family llama --hidden 256 --layers 4 --heads 4 --vocabulary-from tokenizer.json --tied --seed 1 --out small',
    )
    .action(
      action(context, async (given) => {
        const out = path.resolve(text(given, 'out'));
        await requireFreeFolder(out, given.options.force === true);
        const { tokenizerJson, ...tokens } = await readVocabulary(given);
        const { config } = parseConfig(JSON.stringify({ ...shapeOf(given), ...tokens }), 'the new model');
        const seed = whole(given, 'seed', 0);
        const model = { ...newModel(config, seed), ...(tokenizerJson === undefined ? {} : { tokenizerJson }) };
        const written = await writeFolder(out, serializeModel(model), context.signal);
        let parameterCount = 0;
        for (const { data } of model.weights.values()) parameterCount += data.length;
        return {
          json: { folder: out, family: config.family, parameterCount, seed, config, files: written },
          text: facts([
            ['folder', out],
            ['parameters', parameterCount],
            ['vocabulary', `${config.vocabSize} tokens`],
            ['files', written.map(({ name, size }) => `${name} (${formatBytes(size)})`).join(', ')],
          ]),
        };
      }),
    );
}

/** The same names as in config.json, so that one parser checks both. */
function shapeOf(given: Given): Readonly<Record<string, unknown>> {
  const [hidden, layers, heads] = [whole(given, 'hidden', 1), whole(given, 'layers', 1), whole(given, 'heads', 1)];
  const context = whole(given, 'context', 2);
  const intermediate = optionalWhole(given, 'intermediate', 1);
  if (text(given, 'family') === 'gpt2') {
    if (given.options.kvHeads !== undefined) {
      throw new AppError('BAD_INPUT', '--kv-heads is for llama: every head of gpt2 has its own keys and values.', {
        details: { option: 'kvHeads' },
      });
    }
    return {
      model_type: 'gpt2',
      n_embd: hidden,
      n_layer: layers,
      n_head: heads,
      n_positions: context,
      n_inner: intermediate ?? 4 * hidden,
      tie_word_embeddings: true,
    };
  }
  return {
    model_type: 'llama',
    hidden_size: hidden,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: optionalWhole(given, 'kvHeads', 1) ?? heads,
    // Shazeer 2020: two thirds of 4 times the width, because there are three matrices instead of two; a multiple of 16
    intermediate_size: intermediate ?? Math.ceil((8 * hidden) / 3 / 16) * 16,
    max_position_embeddings: context,
    rms_norm_eps: 1e-5,
    rope_theta: 10_000,
    tie_word_embeddings: given.options.tied === true,
  };
}

async function readVocabulary(given: Given): Promise<Readonly<Record<string, unknown>> & { tokenizerJson?: string }> {
  const file = optionalText(given, 'vocabularyFrom');
  const size = optionalWhole(given, 'vocabularySize', 4);
  if ((file === undefined) === (size === undefined)) {
    throw new AppError('BAD_INPUT', 'One of --vocabulary-from and --vocabulary-size is needed.', { details: { option: 'vocabularyFrom' } });
  }
  if (file === undefined) return { vocab_size: size, pad_token_id: 0, bos_token_id: 1, eos_token_id: 2 };
  const source = path.resolve(file);
  const tokenizerJson = tokenizerJsonOfFile(await readInput(source, 'Give --vocabulary-from a tokenizer file.'), source);
  const tokenizer = loadTokenizer(tokenizerJson, source);
  return {
    tokenizerJson,
    vocab_size: tokenizer.vocabularySize,
    pad_token_id: tokenizer.padId,
    bos_token_id: tokenizer.bosId,
    eos_token_id: tokenizer.eosId,
  };
}
