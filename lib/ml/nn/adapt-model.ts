import { type AdapterFiles, adapterValues, serializeAdapter } from '#lib/ml/models/adapter-folder';
import type { ModelKind } from '#lib/ml/models/model-config';
import type { WritableFile } from '#lib/ml/models/serialize-model';
import { LoraAdapter, type LoraConfig, linearLayers } from './lora';
import type { Trunk } from './trunk';

interface Adaptable {
  readonly trunk: Trunk;
}

/** Puts a new adapter on a model: it computes as before until the adapter is trained. Throws BAD_INPUT where a pattern names nothing. */
export function addAdapter({ trunk }: Adaptable, config: LoraConfig, seed: number): LoraAdapter {
  const adapter = new LoraAdapter(trunk.engine, trunk.parameters, config, seed);
  trunk.attach(adapter);
  return adapter;
}

/** Puts a stored adapter on the model that it was trained for. Throws BAD_INPUT naming the layer or tensor that does not fit; then the model is as before. */
export function loadAdapter({ trunk }: Adaptable, files: AdapterFiles, source: string): LoraAdapter {
  const adapter = new LoraAdapter(trunk.engine, trunk.parameters, files.config, 0);
  try {
    const shapes = new Map([...adapter.parameters].map(([name, { shape }]) => [name, shape]));
    for (const [name, values] of adapterValues(files, shapes, trunk.config, source)) adapter.parameters.get(name)?.assign(values);
  } catch (error) {
    adapter.dispose();
    throw error;
  }
  trunk.attach(adapter);
  return adapter;
}

/** The files of the adapter by itself, as PEFT loads them. `base`: where its model is to be found. */
export function adapterFiles({ trunk }: Adaptable, adapter: LoraAdapter, kind: ModelKind, base: string | null): Generator<WritableFile> {
  return serializeAdapter({
    config: adapter.config,
    layers: adapter.layers,
    others: [...linearLayers(trunk.parameters).keys()].filter((name) => !adapter.adapts(name)),
    tensors: new Map(
      [...adapter.parameters].map(([name, parameter]) => [name, { shape: parameter.shape, values: () => parameter.values() }]),
    ),
    model: trunk.config,
    kind,
    base,
  });
}
