import { beforeAll, describe, expect, test } from 'vitest';
import { createRandom } from '#lib/domain/random';
import { readSafetensors, type TensorData, writeSafetensors } from '#lib/formats/safetensors';
import { createEngine } from '#lib/ml/engine/create-engine';
import type { Engine, Tensor } from '#lib/ml/engine/engine';
import { nativeEnvironment } from '#lib/ml/engine/native-binding';
import { readAdapter } from '#lib/ml/models/adapter-folder';
import type { WritableFile } from '#lib/ml/models/serialize-model';
import { adapterFiles, addAdapter, loadAdapter } from '#lib/ml/nn/adapt-model';
import { attendFully, CausalMasks } from '#lib/ml/nn/full-attention';
import { createLanguageModel, createScalarModel, type LanguageModel } from '#lib/ml/nn/language-model';
import { type LoraAdapter, loraConfig } from '#lib/ml/nn/lora';
import type { Trunk } from '#lib/ml/nn/trunk';
import { createLanguageModelStep, languageModelStepConfig } from '#lib/ml/training/language-model-step';
import { layRows } from '#lib/ml/training/token-rows';
import { memoryFolder } from '../../../support/saved-model';
import { configs, lossAndGradients, randomTokens, randomWeights, relativeDifference } from '../training/training-model';

Object.assign(process.env, nativeEnvironment(2));

const families = ['llama', 'gpt2'] as const;
const tokens = Int32Array.from([...randomTokens(1, 7), ...randomTokens(2, 7)]);
const everywhere = Int32Array.from({ length: 14 }, (_, index) => index);
const rows = layRows([[{ prefix: { tokens: randomTokens(1, 9) } }], [{ prefix: { tokens: randomTokens(2, 6) } }]], {
  padId: 0,
  contextLength: 48,
});

/** Values of B that are not 0, as after training. */
function trained(adapter: LoraAdapter): void {
  for (const [name, parameter] of adapter.parameters) {
    if (!name.endsWith('.lora_B.weight')) continue;
    const random = createRandom(4, name);
    parameter.assign(parameter.values().map(() => 0.3 * random.normal()));
  }
}

function folderOf(files: Iterable<WritableFile>) {
  return memoryFolder(Object.fromEntries([...files].map((file) => [file.name, Buffer.concat([...file.parts()])])));
}

describe.each(['native', 'wasm'] as const)('low-rank adapters on %s', (backend) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await createEngine({ backend, threads: 2 });
  }, 60_000);

  const base = (family: (typeof families)[number]) => createLanguageModel(engine, randomWeights(configs[family], 3));
  const valuesOf = (tensor: Tensor) => {
    const values = Float32Array.from(engine.read(tensor) as Float32Array);
    engine.dispose(tensor);
    return values;
  };
  const logits = (model: LanguageModel) => valuesOf(model.logits(tokens, 2, 7, everywhere));
  const difference = (a: Float32Array, b: Float32Array) =>
    a.reduce((most, value, index) => Math.max(most, Math.abs(value - (b[index] ?? Number.NaN))), 0);
  /** Logits of a trunk that is arranged for decoding, over whole rows. */
  const decoded = (trunk: Trunk, masks: CausalMasks) => {
    const decoding = trunk.forDecoding();
    const tensor = engine.tidy(() => {
      const positions = engine.int(
        everywhere.map((at) => at % 7),
        [14],
      );
      const pass = { tokens: engine.int(tokens, [14]), positions, batch: 2, time: 7, attend: attendFully(engine, masks.of(7)) };
      return decoding.logits(decoding.forward(pass));
    });
    decoding.dispose();
    return valuesOf(tensor);
  };

  test.each(families)('%s: a new adapter changes no bit', (family) => {
    const model = base(family);
    const before = logits(model);
    const adapter = addAdapter(model, loraConfig.parse({}), 1);
    expect(adapter.layers).toHaveLength(family === 'llama' ? 14 : 8);
    expect(logits(model)).toEqual(before);
    const down = adapter.parameters.get(`${adapter.layers[0]}.lora_A.weight`)?.values() ?? [];
    const bound = Math.max(...Array.from(down, Math.abs));
    expect(bound).toBeLessThanOrEqual(1 / Math.sqrt(16));
    expect(bound).toBeGreaterThan(0.9 / Math.sqrt(16));
    model.dispose();
    expect(engine.tensorCount()).toBe(0);
  });

  test.each(families)('%s: gradients of A and B agree with finite differences', (family) => {
    const model = base(family);
    const adapter = addAdapter(model, loraConfig.parse({ rank: 2, alpha: 1, rankStabilised: true }), 1);
    trained(adapter);
    const { gradients } = lossAndGradients(engine, model, [rows], model.trunk.trainable);
    expect([...gradients.keys()]).toEqual([...adapter.parameters.keys()]);
    const lossWith = (name: string, index: number, delta: number) => {
      const parameter = adapter.parameters.get(name);
      const values = parameter?.values() ?? new Float32Array(0);
      parameter?.assign(values.map((value, at) => (at === index ? value + delta : value)));
      const { loss } = lossAndGradients(engine, model, [rows], new Map());
      parameter?.assign(values);
      return loss;
    };
    for (const [name, gradient] of gradients) {
      // the largest value of each tensor, where rounding says least
      const index = gradient.reduce((best, value, at) => (Math.abs(value) > Math.abs(gradient[best] ?? 0) ? at : best), 0);
      const numeric = (lossWith(name, index, 1e-2) - lossWith(name, index, -1e-2)) / 2e-2;
      expect(Math.abs((gradient[index] ?? Number.NaN) - numeric), `${name}[${index}]`).toBeLessThan(
        Math.max(2e-2 * Math.abs(numeric), 5e-4),
      );
    }
    model.trunk.recompute = true;
    expect(relativeDifference(gradients, lossAndGradients(engine, model, [rows], model.trunk.trainable).gradients)).toBe(0);
    model.dispose();
  });

  test.each(families)('%s: training moves the adapter only; off is the base model, bit for bit', (family) => {
    const model = base(family);
    const before = logits(model);
    const frozen = [...model.parameters].map(([name, parameter]) => [name, parameter.values()] as const);
    const adapter = addAdapter(model, loraConfig.parse({ rank: 4, alpha: 8 }), 1);
    const starts = new Map([...adapter.parameters].map(([name, parameter]) => [name, parameter.values()]));
    const config = languageModelStepConfig.parse({ learningRate: 0.02, totalSteps: 5 });
    const step = createLanguageModelStep({ engine, model, config, parameters: model.trunk.trainable });
    const losses = Array.from({ length: 5 }, () => step.step([rows]).loss);
    expect(losses[4]).toBeLessThan((losses[0] ?? 0) * 0.9);
    expect([...model.parameters].map(([name, parameter]) => [name, parameter.values()])).toEqual(frozen);
    for (const [name, parameter] of adapter.parameters) expect(parameter.values(), name).not.toEqual(starts.get(name));
    expect(difference(logits(model), before)).toBeGreaterThan(0.1);
    expect(model.trunk.withAdapterOff(() => logits(model))).toEqual(before);
    // switched on again, also after work that failed
    expect(() =>
      model.trunk.withAdapterOff(() => {
        throw new Error('stop');
      }),
    ).toThrow('stop');
    expect(difference(logits(model), before)).toBeGreaterThan(0.1);
    step.dispose();
    model.dispose();
  });

  test.each(families)('%s: decoding, export and copies compute as the unmerged model', (family) => {
    const model = base(family);
    const masks = new CausalMasks(engine);
    const before = logits(model);
    expect(difference(decoded(model.trunk, masks), before)).toBeLessThan(2e-5);
    const bare = decoded(model.trunk, masks);
    trained(addAdapter(model, loraConfig.parse({ rank: 4 }), 1));
    const on = logits(model);
    expect(difference(on, before)).toBeGreaterThan(0.1);
    expect(difference(decoded(model.trunk, masks), on)).toBeLessThan(2e-5);
    expect(model.trunk.withAdapterOff(() => decoded(model.trunk, masks))).toEqual(bare);
    const weights = new Map(Object.entries(model.exportWeights()));
    const merged = createLanguageModel(engine, { config: model.config, kind: 'POLICY', weights });
    expect(difference(logits(merged), on)).toBeLessThan(1e-5);
    const copy = model.clone();
    expect(logits(copy)).toEqual(logits(merged));
    expect(model.trunk.withAdapterOff(() => Object.keys(model.exportWeights()))).toEqual([...model.parameters.keys()]);
    masks.dispose();
    for (const each of [copy, merged, model]) each.dispose();
    expect(engine.tensorCount()).toBe(0);
  });

  test('only some of the joined projections can have an adapter', () => {
    const model = base('llama');
    const before = logits(model);
    const adapter = addAdapter(model, loraConfig.parse({ rank: 2, targets: ['v_proj', 'layers.1.self_attn.q_*'] }), 1);
    expect(adapter.layers.map((name) => name.replace('model.layers.', ''))).toEqual([
      '0.self_attn.v_proj',
      '1.self_attn.q_proj',
      '1.self_attn.v_proj',
    ]);
    expect(logits(model)).toEqual(before);
    trained(adapter);
    const on = logits(model);
    const weights = new Map(Object.entries(model.exportWeights()));
    const merged = createLanguageModel(engine, { config: model.config, kind: 'POLICY', weights });
    expect(difference(on, before)).toBeGreaterThan(0.01);
    expect(difference(logits(merged), on)).toBeLessThan(1e-5);
    merged.dispose();
    model.dispose();
  });

  test('a scalar head is trained whole, on a copy', () => {
    const files = randomWeights(configs.llama, 3);
    const model = createScalarModel(engine, files, { headSeed: 1 });
    const last = Int32Array.of(6, 13);
    const scores = () => valuesOf(model.scores(tokens, 2, 7, last));
    const before = scores();
    const adapter = addAdapter(model, loraConfig.parse({ rank: 2 }), 1);
    expect(adapter.config.modulesToSave).toEqual(['score']);
    const { gradients } = engine.gradients(model.trunk.trainable, () => ({ loss: engine.sum(model.scores(tokens, 2, 7, last)) }));
    expect(valuesOf(gradients.get('score.weight') as Tensor).some((value) => value !== 0)).toBe(true);
    engine.dispose([...gradients.values()]);
    adapter.parameters.get('score.weight')?.assign(new Float32Array(16).fill(1));
    expect(scores()).not.toEqual(before);
    expect(model.trunk.withAdapterOff(scores)).toEqual(before);
    expect([...(model.exportWeights()['score.weight']?.data ?? [])]).toEqual(Array(16).fill(1));
    model.dispose();
    const frozen = createScalarModel(engine, files, { headSeed: 1 });
    expect(addAdapter(frozen, loraConfig.parse({ modulesToSave: [] }), 1).parameters.has('score.weight')).toBe(false);
    frozen.dispose();
  });

  test.each(families)('%s: an adapter folder comes back with every bit', async (family) => {
    const model = base(family);
    const modulesToSave = family === 'gpt2' ? ['ln_f', 'h.0.mlp.c_fc'] : ['model.norm'];
    const targets = family === 'gpt2' ? ['attn.c_proj', 'c_attn'] : ['all-linear'];
    const adapter = addAdapter(model, loraConfig.parse({ rank: 3, rankStabilised: true, modulesToSave, targets }), 1);
    trained(adapter);
    const folder = folderOf(adapterFiles(model, adapter, 'POLICY', 'models/base'));
    const json = JSON.parse(new TextDecoder().decode(await folder.read('adapter_config.json', 0, 10_000)));
    expect(json).toMatchObject({ peft_type: 'LORA', r: 3, lora_alpha: 16, use_rslora: true, fan_in_fan_out: family === 'gpt2' });
    expect(json.target_modules).toEqual(
      family === 'gpt2' ? ['c_attn', 'attn.c_proj'] : ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'],
    );
    const other = base(family);
    loadAdapter(other, await readAdapter(folder, 'adapter'), 'adapter');
    expect(logits(other)).toEqual(logits(model));
    other.dispose();
    model.dispose();
  });
});

describe('adapters that cannot be', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await createEngine({ backend: 'native', threads: 2 });
  }, 60_000);

  test('names patterns that mean nothing', () => {
    const model = createLanguageModel(engine, randomWeights(configs.llama, 3));
    const add = (config: object) => () => addAdapter(model, loraConfig.parse(config), 1);
    expect(add({ targets: ['q_proj', 'c_attn'] })).toThrow(/no linear layer "c_attn"/);
    expect(add({ targets: ['lm_head'] })).toThrow(/no linear layer "lm_head"/);
    expect(add({ modulesToSave: ['value'] })).toThrow(/no part "value"/);
    expect(add({ modulesToSave: ['q_proj'] })).toThrow(/layers\.0\.self_attn\.q_proj cannot have an adapter and be trained whole/);
    expect(loraConfig.safeParse({ rank: 0 }).success).toBe(false);
    add({})();
    expect(add({})).toThrow(/has an adapter already/);
    model.dispose();
  });

  test('names what is wrong with an adapter folder and leaves the model alone', async () => {
    const model = createLanguageModel(engine, randomWeights(configs.llama, 3));
    const adapter = addAdapter(model, loraConfig.parse({ rank: 2 }), 1);
    const files = [...adapterFiles(model, adapter, 'POLICY', null)];
    const config = JSON.parse(new TextDecoder().decode(Buffer.concat([...(files[0]?.parts() ?? [])])));
    const tensors = readSafetensors(Buffer.concat([...(files[1]?.parts() ?? [])]), 'a');
    const bare = createLanguageModel(engine, randomWeights(configs.llama, 3));
    const count = engine.tensorCount();
    const load = async (changes: { json?: object; tensors?: [string, TensorData | undefined][] }) => {
      const changed = new Map(tensors);
      for (const [name, tensor] of changes.tensors ?? []) {
        if (tensor) changed.set(name, tensor);
        else changed.delete(name);
      }
      const folder = memoryFolder({
        'adapter_config.json': new TextEncoder().encode(JSON.stringify({ ...config, ...changes.json })),
        'adapter_model.safetensors': writeSafetensors(Object.fromEntries(changed)),
      });
      loadAdapter(bare, await readAdapter(folder, 'adapter'), 'adapter');
    };
    const name = 'base_model.model.model.layers.0.mlp.up_proj.lora_B.weight';
    const tensor = (shape: number[], value = 0): TensorData => ({
      dtype: 'F32',
      shape,
      data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(value),
    });
    await expect(load({ json: { use_dora: true } })).rejects.toThrow(
      'adapter/adapter_config.json: use_dora is true, which is not supported',
    );
    await expect(load({ json: { peft_type: 'IA3' } })).rejects.toThrow(/peft_type is "IA3"/);
    await expect(load({ json: { init_lora_weights: 'pissa' } })).rejects.toThrow(/init_lora_weights is "pissa"/);
    await expect(load({ json: { rank_pattern: { q_proj: 4 } } })).rejects.toThrow(/rank_pattern/);
    await expect(load({ json: { r: 0 } })).rejects.toThrow(/adapter_config.json: r is 0/);
    await expect(load({ json: { r: 4 } })).rejects.toThrow(/has shape \[2,16\], but the model wants \[4,16\]/);
    await expect(load({ tensors: [[name, undefined]] })).rejects.toThrow(/the adapter lacks model.layers.0.mlp.up_proj.lora_B.weight/);
    await expect(load({ tensors: [['base_model.model.model.norm.weight', tensor([16])]] })).rejects.toThrow(
      /has model.norm.weight, which the model does not/,
    );
    await expect(load({ tensors: [[name, tensor([24, 2], Number.NaN)]] })).rejects.toThrow(/up_proj.lora_B.weight holds NaN at position 0/);
    await expect(load({ tensors: [['base_model.model.model.layers.9.mlp.up_proj.lora_A.weight', tensor([2, 16])]] })).rejects.toThrow(
      /no linear layer "model.layers.9.mlp.up_proj"/,
    );
    await expect(readAdapter(folderOf([files[0] as WritableFile]), 'adapter')).rejects.toThrow(
      /adapter_model.safetensors: the file is missing/,
    );
    expect(engine.tensorCount()).toBe(count);
    expect(bare.trunk.adapter).toBeUndefined();
    await load({ json: { modules_to_save: ['classifier'] } });
    expect(bare.trunk.adapter).toBeDefined();
    bare.dispose();
    model.dispose();
  });
});
