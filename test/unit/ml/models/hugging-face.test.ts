import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { createRandom } from '#lib/domain/random';
import { readSafetensors, type TensorData, writeSafetensors } from '#lib/formats/safetensors';
import type { Gpt2Config } from '#lib/ml/models/gpt2-config';
import { type ModelFiles, readModel, readModelWeights } from '#lib/ml/models/hugging-face';
import { tensorShapes } from '#lib/ml/models/tensor-shapes';
import { loadTokenizer } from '#lib/ml/tokenizers/tokenizer';
import { memoryFolder, savedFiles, textOf } from '../../../support/saved-model';
import { tinyLlama } from '../../../support/tiny-llama';

const model = tinyLlama();
const files = savedFiles(model);
const bytes = (text: string) => new TextEncoder().encode(text);

interface Change {
  config?: Record<string, unknown>;
  weights?: (weights: Map<string, TensorData>) => void;
  tokenizer?: string;
  files?: Record<string, Uint8Array | undefined>;
}

async function read(change: Change): Promise<ModelFiles> {
  const weights = new Map(readSafetensors(files['model.safetensors']!, 'w'));
  change.weights?.(weights);
  const folder = {
    ...files,
    'config.json': bytes(JSON.stringify({ ...(JSON.parse(textOf(files, 'config.json')) as object), ...change.config })),
    ...(change.weights ? { 'model.safetensors': writeSafetensors(weights) } : {}),
    ...(change.tokenizer === undefined ? {} : { 'tokenizer.json': bytes(change.tokenizer) }),
    ...change.files,
  };
  return readModel(memoryFolder(folder as Record<string, Uint8Array>), 'my-model');
}

const queries = 'model.layers.1.self_attn.q_proj.weight';
const floats = (shape: number[], value = 0): TensorData => ({
  dtype: 'F32',
  shape,
  data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(value),
});

describe('Hugging Face folder', () => {
  test('what is written reads back', async () => {
    const again = await read({});
    expect(again.config).toEqual(model.config);
    expect(again.kind).toBe('POLICY');
    expect([...again.weights.keys()]).toEqual([...model.weights.keys()]);
    expect(again.weights.get(queries)).toEqual(model.weights.get(queries));
    expect(JSON.parse(textOf(files, 'tokenizer_config.json'))).toMatchObject({ bos_token: '<s>', eos_token: '</s>', pad_token: '<unk>' });
    expect(JSON.parse(textOf(files, 'generation_config.json'))).toEqual({ bos_token_id: 1, eos_token_id: 2, pad_token_id: 0 });
  });

  test('tensor by tensor: no read is longer than the largest one', async () => {
    const folder = memoryFolder(files);
    await readModel(folder, 'm');
    const largest = Math.max(
      ...[...model.weights.values()].map(({ data }) => data.byteLength),
      ...['tokenizer.json', 'config.json'].map((name) => files[name]!.length),
    );
    expect(folder.largestRead).toBeLessThanOrEqual(largest);
    expect(largest).toBeLessThan(files['model.safetensors']!.length / 2);
  });

  test('a value model keeps its kind and its head', async () => {
    const weights = new Map([...model.weights, ['score.weight', floats([1, 16], 0.5)] as const]);
    const written = savedFiles({ ...model, kind: 'VALUE', weights });
    expect(JSON.parse(textOf(written, 'config.json'))).toMatchObject({ architectures: ['LlamaForSequenceClassification'], num_labels: 1 });
    const again = await readModel(memoryFolder(written), 'v');
    expect(again.kind).toBe('VALUE');
    expect(again.weights.get('score.weight')?.data[3]).toBe(0.5);
  });

  test('fields that a config may leave out, and stops that only generation_config.json names', async () => {
    const again = await read({
      config: {
        head_dim: undefined,
        rope_theta: undefined,
        rope_scaling: undefined,
        rope_parameters: { rope_theta: 500, rope_type: 'default' },
        pad_token_id: null,
        eos_token_id: [2, 1],
      },
      files: { 'generation_config.json': bytes('{"eos_token_id": [2, 9]}') },
    });
    expect(again.config).toMatchObject({ headSize: 4, rope: { theta: 500 }, padTokenId: null, eosTokenId: 2, stopTokenIds: [2, 1, 9] });
  });

  test('a chat template and the tokenizer settings come back as they were', async () => {
    const kept = { 'tokenizer_config.json': bytes('{"chat_template": "x"}'), 'chat_template.jinja': bytes('{{ messages }}') };
    const again = savedFiles(await read({ files: kept }));
    for (const name of Object.keys(kept)) expect(textOf(again, name)).toBe(textOf(kept, name));
  });

  test('output weights of a tied model are left out if they are the embedding, and refused if not', async () => {
    const embedding = model.weights.get('model.embed_tokens.weight') as TensorData;
    const extra = (weights: Map<string, TensorData>) => weights.set('lm_head.weight', embedding);
    expect((await read({ weights: extra })).weights.has('lm_head.weight')).toBe(false);
    expect((await read({ weights: extra, config: { tie_word_embeddings: false } })).weights.has('lm_head.weight')).toBe(true);
    await expect(read({ config: { tie_word_embeddings: false } })).rejects.toThrow(
      /my-model\/model\.safetensors: the weights lack lm_head\.weight/,
    );
    const other = embedding.data.map((value, index) => (index === 20 ? value + 1 : value)) as Float32Array;
    await expect(read({ weights: (weights) => weights.set('lm_head.weight', { ...embedding, data: other }) })).rejects.toThrow(
      /lm_head\.weight differs from the embedding at position 20, but tie_word_embeddings/,
    );
  });

  test('a SentencePiece model stands in for tokenizer.json, which is written', async () => {
    const pieces = readFileSync(path.resolve(import.meta.dirname, '../../../fixtures/tokenizers/byte-pairs.model'));
    const vocabulary = 600;
    const change = {
      config: { vocab_size: vocabulary },
      weights: (weights: Map<string, TensorData>) => weights.set('model.embed_tokens.weight', floats([vocabulary, 16])),
      files: { 'tokenizer.json': undefined, 'tokenizer.model': new Uint8Array(pieces) },
    };
    const again = await read(change);
    const tokenizer = loadTokenizer(textOf(savedFiles(again), 'tokenizer.json'), 'again');
    expect(tokenizer.vocabularySize).toBeGreaterThan(100);
    expect(tokenizer.decode(tokenizer.encode('the cat'))).toBe('the cat');
    await expect(read({ ...change, config: {}, weights: () => undefined })).rejects.toThrow(
      /my-model\/tokenizer\.model: the tokenizer has \d+ tokens, but the embedding of the model only 273/,
    );
  });

  test('names without their first part, and old buffers', async () => {
    const bare = await read({
      weights: (weights) => {
        for (const [name, tensor] of [...weights]) {
          weights.delete(name);
          weights.set(name.replace(/^model\./, ''), tensor);
        }
        weights.set('layers.0.self_attn.rotary_emb.inv_freq', floats([2]));
      },
    });
    expect(bare.weights).toEqual(model.weights);
    await expect(read({ weights: (weights) => weights.set('norm.weight', floats([16], 1)) })).rejects.toThrow(
      /hold model\.norm\.weight twice/,
    );
  });

  test('half precision is read, and comes out as float32 of the same values', async () => {
    for (const dtype of ['F16', 'BF16'] as const) {
      const again = await read({
        weights: (weights) => {
          for (const [name, tensor] of [...weights]) weights.set(name, { ...tensor, dtype });
        },
      });
      const [value, exact] = [again.weights.get(queries)!.data[7]!, model.weights.get(queries)!.data[7]!];
      expect(value).not.toBe(exact);
      expect(Math.abs(value / exact - 1)).toBeLessThan(dtype === 'F16' ? 2 ** -11 : 2 ** -8);
      const written = readSafetensors(
        savedFiles({ ...again, weights: new Map([...again.weights].map(([name, tensor]) => [name, { ...tensor, dtype: 'F32' }])) })[
          'model.safetensors'
        ]!,
        'w',
      );
      expect(written.get(queries)).toMatchObject({ dtype: 'F32', data: again.weights.get(queries)!.data });
    }
  });

  test.each<[string, Change, RegExp]>([
    [
      'an unknown architecture',
      { config: { architectures: ['GPT2LMHeadModel'] } },
      /my-model\/config\.json: the architecture "GPT2LMHeadModel" is not known/,
    ],
    ['heads that do not divide', { config: { num_key_value_heads: 3 } }, /3 key\/value heads do not divide 4 heads/],
    [
      'a missing tensor',
      { weights: (weights) => weights.delete(queries) },
      /model\.safetensors: the weights lack model\.layers\.1\.self_attn\.q_proj\.weight/,
    ],
    [
      'an extra tensor',
      { weights: (weights) => weights.set('model.layers.7.bias', floats([1])) },
      /hold model\.layers\.7\.bias, which this architecture does not have/,
    ],
    ['a bias of the head', { weights: (weights) => weights.set('score.bias', floats([1])) }, /hold score\.bias/],
    [
      'a wrong shape',
      { weights: (weights) => weights.set(queries, floats([8, 32])) },
      /q_proj\.weight has shape \[8, 32\], but config\.json asks for \[16, 16\]/,
    ],
    [
      'an embedding for another vocabulary',
      { config: { vocab_size: 300 } },
      /embed_tokens\.weight has shape \[273, 16\], but config\.json asks for \[300, 16\]/,
    ],
    [
      'a NaN',
      { weights: (weights) => weights.set('model.norm.weight', { ...floats([16]), data: new Float32Array(16).fill(Number.NaN, 5, 6) }) },
      /model\.norm\.weight holds NaN at position 5/,
    ],
    [
      'an infinity',
      {
        weights: (weights) =>
          weights.set('model.norm.weight', { ...floats([16]), data: new Float32Array(16).fill(Number.NEGATIVE_INFINITY, 2, 3) }),
      },
      /model\.norm\.weight holds -Infinity at position 2/,
    ],
    [
      'whole numbers as weights',
      { weights: (weights) => weights.set('model.norm.weight', { dtype: 'I32', shape: [16], data: new Int32Array(16) }) },
      /whole numbers \(I32\)/,
    ],
    [
      'a larger vocabulary in the tokenizer',
      { config: { vocab_size: 100 }, weights: (weights) => weights.set('model.embed_tokens.weight', floats([100, 16])) },
      /tokenizer\.json: the tokenizer has 273 tokens, but the embedding of the model only 100/,
    ],
    ['an end token outside of the vocabulary', { config: { eos_token_id: 273 } }, /eos_token_id is 273, but the model has 273 tokens/],
    ['a tokenizer that is none', { tokenizer: '{"model": 3}' }, /my-model\/tokenizer\.json: .* no tokenizer\.json/],
    ['a tokenizer that is not JSON', { tokenizer: 'x' }, /my-model\/tokenizer\.json: the file is not JSON/],
    ['weights that are cut off', { files: { 'model.safetensors': files['model.safetensors']!.slice(0, -10) } }, /cut off/],
    ['weights of 4 bytes', { files: { 'model.safetensors': new Uint8Array(4) } }, /my-model\/model\.safetensors: the file has 4 bytes/],
    [
      'a header larger than the file',
      { files: { 'model.safetensors': new Uint8Array(100).fill(0x7f, 0, 4) } },
      /header claims 2139062143 bytes, but only 92 follow/,
    ],
    ['8-bit floats', { files: { 'model.safetensors': eightBit() } }, /norm\.weight: the element type F8_E4M3 is not supported/],
    [
      'a folder without weights',
      { files: { 'model.safetensors': undefined } },
      /my-model\/model\.safetensors is missing or cannot be read\./,
    ],
    [
      'a folder with PyTorch weights only',
      { files: { 'model.safetensors': undefined, 'pytorch_model.bin': new Uint8Array(9) } },
      /holds pytorch_model\.bin only/,
    ],
    ['a folder without config', { files: { 'config.json': undefined } }, /my-model\/config\.json is missing/],
    ['a folder without tokenizer', { files: { 'tokenizer.json': undefined } }, /my-model\/tokenizer\.json is missing/],
  ])('refuses %s', async (_, change, message) => {
    await expect(read(change)).rejects.toThrow(message);
    await expect(read(change)).rejects.toMatchObject({ code: 'BAD_INPUT' });
  });

  test('every refusal names the file and the tensor in its details', async () => {
    await expect(read({ weights: (weights) => weights.delete(queries) })).rejects.toMatchObject({
      details: { file: 'my-model/model.safetensors', tensor: queries },
    });
  });
});

/** The weights with one tensor in an 8-bit type. */
function eightBit(): Uint8Array {
  const text = Buffer.from(files['model.safetensors']!);
  const length = Number(text.readBigUInt64LE(0));
  const header = JSON.parse(text.subarray(8, 8 + length).toString()) as Record<string, { dtype: string; data_offsets: [number, number] }>;
  // the last tensor shrinks to a quarter
  const last = header['model.norm.weight']!;
  last.dtype = 'F8_E4M3';
  last.data_offsets[1] = last.data_offsets[0] + 16;
  const json = Buffer.from(JSON.stringify(header));
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([prefix, json, text.subarray(8 + length, text.length - 48)]);
}

describe('shards', () => {
  const sharded = savedFiles(model, { shardBytes: 8_000 });
  const names = Object.keys(sharded).filter((name) => /^model-\d{5}-of-\d{5}\.safetensors$/.test(name));
  const index = JSON.parse(textOf(sharded, 'model.safetensors.index.json')) as { metadata: object; weight_map: Record<string, string> };

  test('above the limit the weights are split, and read back the same', async () => {
    expect(names.length).toBeGreaterThan(2);
    expect(sharded['model.safetensors']).toBeUndefined();
    const total = [...model.weights.values()].reduce((sum, { data }) => sum + data.byteLength, 0);
    expect(index.metadata).toEqual({ total_size: total });
    expect(Object.keys(index.weight_map)).toEqual([...model.weights.keys()]);
    for (const name of names) {
      const tensors = [...readSafetensors(sharded[name]!, name).values()];
      const size = tensors.reduce((sum, { data }) => sum + data.byteLength, 0);
      expect(size <= 8_000 || tensors.length === 1).toBe(true);
    }
    expect((await readModel(memoryFolder(sharded), 's')).weights).toEqual(model.weights);
  });

  const withIndex = (change: (map: Record<string, string>) => void) => {
    const map = { ...index.weight_map };
    change(map);
    return { 'model.safetensors.index.json': bytes(JSON.stringify({ weight_map: map })) };
  };
  const [first = '', second = ''] = names;
  test.each<[string, Record<string, Uint8Array | undefined>, RegExp]>([
    ['missing shards, all of them', { [first]: undefined, [second]: undefined }, new RegExp(`lacks the shards ${first}, ${second}`)],
    [
      'a tensor that the shard lacks',
      withIndex((map) => Object.assign(map, { 'model.norm.weight': first })),
      /it lacks model\.norm\.weight, which .* places there/,
    ],
    [
      'a tensor that the index does not name',
      withIndex((map) => delete map[queries]),
      new RegExp(`it holds ${queries}, which .* does not name`),
    ],
    [
      'a tensor in two shards',
      { [second]: sharded[first] },
      new RegExp(`s/${second}: tensor model.embed_tokens.weight lies in ${first} too`),
    ],
    ['a shard that is cut off', { [second]: sharded[second]!.slice(0, -4) }, new RegExp(`s/${second}.*cut off`)],
    [
      'a shard outside of the folder',
      withIndex((map) => Object.assign(map, { x: '../x.safetensors' })),
      /"\.\.\/x\.safetensors" is no name of a shard/,
    ],
    ['an index without its map', { 'model.safetensors.index.json': bytes('{}') }, /weight_map is missing/],
    ['an index that is not JSON', { 'model.safetensors.index.json': bytes('{') }, /index\.json: the file is not JSON/],
  ])('refuses %s', async (_, change, message) => {
    const folder = { ...sharded, ...change } as Record<string, Uint8Array>;
    await expect(readModel(memoryFolder(folder), 's')).rejects.toThrow(message);
    await expect(readModel(memoryFolder(folder), 's')).rejects.toMatchObject({ code: 'BAD_INPUT' });
  });
});

describe('GPT-2', () => {
  const config: Gpt2Config = {
    family: 'gpt2',
    modelType: 'gpt2',
    vocabSize: 11,
    hiddenSize: 4,
    intermediateSize: 6,
    layers: 1,
    heads: 2,
    keyValueHeads: 2,
    headSize: 2,
    contextLength: 8,
    normEpsilon: 1e-5,
    activation: 'gelu_new',
    tiedEmbeddings: true,
    bosTokenId: 0,
    eosTokenId: 0,
    stopTokenIds: [0],
    padTokenId: null,
  };
  const random = createRandom(3, 'gpt2');
  const weights = new Map(
    [...tensorShapes(config, 'POLICY')].map(([name, shape]) => [
      name,
      { ...floats([...shape]), data: floats([...shape]).data.map(() => random.normal()) as Float32Array },
    ]),
  );
  const saved = savedFiles({ config, kind: 'POLICY', weights });

  test('matrices lie [in, out] in the file and [out, in] in memory', async () => {
    const stored = readSafetensors(saved['model.safetensors']!, 'g');
    const name = 'transformer.h.0.attn.c_attn.weight';
    expect(stored.get(name)?.shape).toEqual([4, 12]);
    expect(weights.get(name)?.shape).toEqual([12, 4]);
    // row 2, column 1 of the file
    expect(stored.get(name)?.data[2 * 12 + 1]).toBe(weights.get(name)?.data[1 * 4 + 2]);
    expect(stored.get('transformer.wte.weight')).toEqual(weights.get('transformer.wte.weight'));
    expect((await readModelWeights(memoryFolder(saved), 'g')).weights).toEqual(weights);
    expect(saved['tokenizer.json']).toBeUndefined();
  });

  test('names without "transformer.", masks and a stored copy of the output matrix', async () => {
    const stored = readSafetensors(saved['model.safetensors']!, 'g');
    const bare = new Map([...stored].map(([name, tensor]) => [name.replace('transformer.', ''), tensor]));
    bare
      .set('h.0.attn.bias', floats([1, 1, 8, 8], 1))
      .set('h.0.attn.masked_bias', floats([], -1e4))
      .set('lm_head.weight', stored.get('transformer.wte.weight')!);
    const folder = { ...saved, 'model.safetensors': writeSafetensors(bare) };
    expect((await readModelWeights(memoryFolder(folder), 'g')).weights).toEqual(weights);
  });

  test('a matrix the other way round is refused with the shape of the file', async () => {
    const stored = readSafetensors(saved['model.safetensors']!, 'g');
    stored.set('transformer.h.0.mlp.c_fc.weight', floats([6, 4]));
    const folder = { ...saved, 'model.safetensors': writeSafetensors(stored) };
    await expect(readModelWeights(memoryFolder(folder), 'g')).rejects.toThrow(
      /c_fc\.weight has shape \[6, 4\], but config\.json asks for \[4, 6\]/,
    );
  });
});
