import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSafetensors } from '#lib/formats/safetensors';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { writeLlama2c } from './llama2c-files';
import { type CliOptions, failureOf, runCli, scratchFolder } from './run-cli';

const folder = scratchFolder();
const model = path.join(folder, 'tiny');
const files = writeLlama2c(folder);
let database: TestDatabase;
let options: CliOptions;

const convert = (weights: string, tokenizer: string, out: string, ...more: string[]) =>
  runCli(['models', 'convert', '--from', 'llama2c', '--weights', weights, '--tokenizer', tokenizer, '--out', out, ...more, '--json'], {
    home: path.join(folder, 'none'),
  });
const importModel = (dir: string, name: string) =>
  runCli(['models', 'import', dir, '--project', 'tales', '--name', name, '--json'], options);

function storedFiles(): number {
  const blobs = path.join(options.home, 'blobs');
  if (!existsSync(blobs)) return 0;
  return readdirSync(blobs, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).length;
}

beforeAll(async () => {
  database = await createTestDatabase();
  options = { home: path.join(folder, 'home'), databaseUrl: database.url };
  const [converted, made] = await Promise.all([
    convert(files.weights, files.tokenizer, model),
    runCli(['projects', 'create', '--name', 'Tales', '--json'], options),
  ]);
  expect(converted.stderr).toBe('');
  expect(converted.code).toBe(0);
  expect(made.json).toMatchObject({ slug: 'tales', name: 'Tales' });
});

afterAll(async () => {
  await database.drop();
  rmSync(folder, { recursive: true, force: true });
});

describe('models convert', () => {
  it('makes a Hugging Face folder, without a database and without a data folder', () => {
    expect(readdirSync(model).sort()).toEqual(
      ['config.json', 'generation_config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json'].sort(),
    );
    expect(JSON.parse(readFileSync(path.join(model, 'config.json'), 'utf8'))).toMatchObject({
      model_type: 'llama',
      hidden_size: 8,
      intermediate_size: 16,
      num_hidden_layers: 1,
      num_attention_heads: 2,
      num_key_value_heads: 1,
      vocab_size: files.vocabulary,
    });
    const tensors = readSafetensors(readFileSync(path.join(model, 'model.safetensors')), 'tiny');
    expect(tensors.get('model.embed_tokens.weight')?.shape).toEqual([files.vocabulary, 8]);
    // The first float of the file is the first of the embedding.
    expect(tensors.get('model.embed_tokens.weight')?.data[0]).toBe(readFileSync(files.weights).readFloatLE(28));
    expect(readdirSync(folder).filter((name) => name.startsWith('.'))).toEqual([]);
    expect(existsSync(path.join(folder, 'none'))).toBe(false);
  });

  it('leaves a folder alone that is not empty, and writes into it where told to', async () => {
    const out = path.join(folder, 'taken');
    mkdirSync(out);
    writeFileSync(path.join(out, 'notes.txt'), 'mine');
    const refused = await convert(files.weights, files.tokenizer, out);
    expect(refused.code).toBe(1);
    expect(failureOf(refused)).toMatchObject({ code: 'PRECONDITION', details: { folder: out } });
    expect(failureOf(refused).remedy).toContain('--force');
    expect(readdirSync(out)).toEqual(['notes.txt']);
    const forced = await convert(files.weights, files.tokenizer, out, '--force');
    expect(forced.code).toBe(0);
    expect(readdirSync(out)).toContain('model.safetensors');
    expect(readFileSync(path.join(out, 'notes.txt'), 'utf8')).toBe('mine');
  });

  it('names the file that is wrong, and writes nothing', async () => {
    const short = path.join(folder, 'short.bin');
    writeFileSync(short, readFileSync(files.weights).subarray(0, 400));
    const other = path.join(folder, 'other');
    mkdirSync(other);
    const larger = writeLlama2c(other, ['xyz']);
    const out = path.join(folder, 'never');
    const [truncated, misfit, missing] = await Promise.all([
      convert(short, files.tokenizer, out),
      convert(files.weights, larger.tokenizer, out),
      convert(path.join(folder, 'nothing.bin'), files.tokenizer, out),
    ]);
    expect([truncated.code, misfit.code, missing.code]).toEqual([2, 2, 2]);
    expect(failureOf(truncated)).toMatchObject({ code: 'BAD_INPUT', details: { file: short } });
    expect(failureOf(truncated).message).toContain('the file has 400');
    expect(failureOf(misfit)).toMatchObject({ code: 'BAD_INPUT', details: { file: larger.tokenizer } });
    expect(failureOf(misfit).message).toContain('the tokenizer is of another model');
    expect(failureOf(missing).message).toContain('there is no such file');
    expect(existsSync(out)).toBe(false);
  });
});

describe('models import', () => {
  it('takes a folder in, once under a name', async () => {
    const taken = await importModel(model, 'tiny');
    expect(taken.code).toBe(0);
    expect(taken.json).toMatchObject({ name: 'tiny', kind: 'POLICY', vocabularySize: files.vocabulary, contextLength: 16 });
    const again = await importModel(model, 'tiny');
    expect(again.code).toBe(1);
    expect(failureOf(again).message).toBe('The project has a model named "tiny" already.');
    const list = await runCli(['models', 'list', '--project', 'tales', '--json'], options);
    expect(list.json.models).toMatchObject([{ name: 'tiny', imported: true, id: taken.json.modelId }]);
    const forPeople = await runCli(['models', 'list', '--project', 'tales'], options);
    expect(forPeople.stdout).toMatch(/^name +kind +parameters.*\n-+.*\ntiny +policy +\d/);
  });

  it('refuses what does not fit, naming file or tensor, and leaves what was there', async () => {
    const broken = (name: string, change: (dir: string) => void) => {
      const dir = path.join(folder, name);
      cpSync(model, dir, { recursive: true });
      change(dir);
      return dir;
    };
    const edit = (dir: string, changes: Record<string, unknown>) => {
      const file = path.join(dir, 'config.json');
      writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), ...changes }));
    };
    const noWeights = broken('no-weights', (dir) => rmSync(path.join(dir, 'model.safetensors')));
    const wrongShape = broken('wrong-shape', (dir) => edit(dir, { intermediate_size: 24 }));
    const unknown = broken('unknown', (dir) => edit(dir, { model_type: 'mamba', architectures: ['MambaForCausalLM'] }));
    const other = path.join(folder, 'longer');
    mkdirSync(other);
    const longer = writeLlama2c(other, ['xyz', 'uvw']);
    await convert(longer.weights, longer.tokenizer, path.join(other, 'model'));
    const misfit = broken('misfit', (dir) => cpSync(path.join(other, 'model', 'tokenizer.json'), path.join(dir, 'tokenizer.json')));
    const before = storedFiles();

    const runs = await Promise.all(
      [noWeights, wrongShape, unknown, misfit, path.join(folder, 'nowhere')].map((dir) => importModel(dir, 'other')),
    );
    expect(runs.map((run) => run.code)).toEqual([2, 2, 2, 2, 2]);
    const [first, second, third, fourth, fifth] = runs.map(failureOf);
    expect(first?.message).toBe(`${path.join(noWeights, 'model.safetensors')} is missing or cannot be read.`);
    expect(first?.remedy).toContain('plumbline models convert');
    expect(second).toMatchObject({ code: 'BAD_INPUT', details: { tensor: 'model.layers.0.mlp.gate_proj.weight' } });
    expect(second?.message).toContain('shape [16, 8], but config.json asks for [24, 8]');
    expect(third?.message).toContain('the architecture "mamba" is not known');
    expect(third?.details).toMatchObject({ file: path.join(unknown, 'config.json') });
    expect(fourth?.message).toContain(
      `the tokenizer has ${longer.vocabulary} tokens, but the embedding of the model only ${files.vocabulary}`,
    );
    expect(fifth?.message).toContain('is not a folder');
    for (const run of runs) expect(run.stderr).not.toMatch(/\n\s+at /);
    const list = await runCli(['models', 'list', '--project', 'tales', '--json'], options);
    expect((list.json.models as { name: string }[]).map(({ name }) => name)).toEqual(['tiny']);
    expect(storedFiles()).toBe(before);
  });
});

const data = process.env.PLUMBLINE_TEST_DATA;
describe.skipIf(!data)('on the real model of PLUMBLINE_TEST_DATA (stories260k)', () => {
  it('converts and imports 260,032 parameters', async () => {
    const source = path.join(data ?? '', 'stories260k');
    const out = path.join(folder, 'stories260k');
    const converted = await convert(path.join(source, 'stories260K.bin'), path.join(source, 'tok512.bin'), out);
    expect(converted.json).toMatchObject({ folder: out, parameterCount: 260_032, config: { layers: 5, hiddenSize: 64, vocabSize: 512 } });
    const taken = await importModel(out, 'stories260k');
    expect(taken.json).toMatchObject({ kind: 'POLICY', parameterCount: 260_032, contextLength: 512, vocabularySize: 512 });
    // The same bytes again would be the same name in the store.
    const { files: stored } = taken.json as { files: { name: string; sha256: string }[] };
    const weights = stored.find(({ name }) => name === 'model.safetensors');
    expect(weights?.sha256).toBe(taken.json.weightsHash);
    expect(existsSync(path.join(options.home, 'blobs', String(weights?.sha256).slice(0, 2), String(weights?.sha256).slice(2)))).toBe(true);
  });
});
