import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseConfig } from '#lib/ml/models/model-config';
import { newModel } from '#lib/ml/models/new-model';
import { getModelImport } from '#lib/services/models/get-import';
import { getModel } from '#lib/services/models/get-model';
import { listModels } from '#lib/services/models/list-models';
import { requestModelImport } from '#lib/services/models/request-import';
import { importFolder } from '../../../workers/processors/import-folder';
import { loadModel } from '../../../workers/processors/load-model';
import { drainGeneral } from '../../support/drive-loop';
import { createMember } from '../../support/labeling';
import { actor, createBench, createTestProject, type LoopBench, type TestLoop } from '../../support/loop';
import { savedFiles, textOf, writeModel } from '../../support/saved-model';
import { tinyModel } from '../../support/tiny-model';

describe('importing a model', () => {
  let bench: LoopBench;
  let project: TestLoop;
  let folder: string;
  const model = tinyModel(5);

  beforeAll(async () => {
    bench = await createBench();
    project = await createTestProject(bench.deps);
    folder = path.join(bench.folder, 'a model');
    writeModel(model, folder);
  });
  afterAll(() => bench?.drop());

  it('takes a folder in and gives the same weights back', async () => {
    const { modelId } = await importFolder(bench.deps, actor, { projectId: project.projectId, name: 'from a folder', folder });
    const view = await getModel(bench.deps, actor, { modelId });
    expect(view).toMatchObject({ kind: 'POLICY', family: 'llama', contextLength: 64, vocabularySize: 32, imported: true, parents: [] });
    expect(view.files.map((file) => file.name)).toEqual(expect.arrayContaining(['config.json', 'model.safetensors', 'tokenizer.json']));
    expect(view.files.every((file) => file.size > 0)).toBe(true);
    const loaded = await loadModel(bench.deps, modelId);
    expect(loaded.files.config).toEqual(model.config);
    expect(loaded.files.weights).toEqual(model.weights);
  });

  it('takes a GPT-2 in shards, and gives it back', async () => {
    const gpt2 = path.join(bench.folder, 'gpt2');
    const { config } = parseConfig(
      JSON.stringify({
        model_type: 'gpt2',
        vocab_size: 32,
        n_embd: 8,
        n_layer: 2,
        n_head: 2,
        n_positions: 24,
        bos_token_id: 1,
        eos_token_id: 2,
      }),
      'gpt2',
    );
    const made = newModel(config, 1);
    writeModel({ ...made, tokenizerJson: model.tokenizerJson }, gpt2, { shardBytes: 2_000 });
    expect(readdirSync(gpt2)).toContain('model.safetensors.index.json');
    const { modelId } = await importFolder(bench.deps, actor, { projectId: project.projectId, name: 'in shards', folder: gpt2 });
    expect(await getModel(bench.deps, actor, { modelId })).toMatchObject({ kind: 'POLICY', family: 'gpt2', contextLength: 24 });
    const { files } = await loadModel(bench.deps, modelId);
    expect(files.config).toEqual(config);
    expect(files.weights).toEqual(made.weights);
  });

  it('takes uploaded files in through the worker', async () => {
    const { deps } = bench;
    const person = await createMember(deps.db, project.projectId, ['RESEARCHER']);
    const saved = savedFiles(model);
    const put = async (name: string) => (await deps.blobs.putBytes(saved[name]!)).sha256;
    const files = {
      'config.json': await put('config.json'),
      'model.safetensors': await put('model.safetensors'),
      'tokenizer.json': await put('tokenizer.json'),
    };
    const { importId } = await requestModelImport(deps, person, { projectId: project.projectId, name: 'uploaded', files });
    expect(await getModelImport(deps, person, { importId })).toEqual({ state: 'WAITING', name: 'uploaded', modelId: null, reason: null });
    await drainGeneral(deps);
    const done = await getModelImport(deps, person, { importId });
    expect(done).toMatchObject({ state: 'DONE', reason: null });
    expect((await listModels(deps, person, { projectId: project.projectId })).map((each) => each.id)).toContain(done.modelId);
    await expect(requestModelImport(deps, person, { projectId: project.projectId, name: 'uploaded', files })).rejects.toMatchObject({
      code: 'CONFLICT',
    });
    await expect(requestModelImport(deps, person, { projectId: project.projectId, name: 'x', folder })).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
    const annotator = await createMember(deps.db, project.projectId, ['ANNOTATOR']);
    await expect(requestModelImport(deps, annotator, { projectId: project.projectId, name: 'x', files })).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
  });

  it('says what is wrong with a folder, and leaves everything as it was', async () => {
    const { deps } = bench;
    const before = await deps.db.modelVersion.count();
    const fails = async (name: string, text: string) => {
      const { importId } = await requestModelImport(deps, actor, { projectId: project.projectId, name, folder });
      await drainGeneral(deps);
      const failed = await getModelImport(deps, actor, { importId });
      expect(failed.state).toBe('FAILED');
      expect(failed.reason).toContain(text);
      expect(failed.reason).not.toContain('    at ');
    };
    const config = path.join(folder, 'config.json');
    const good = savedFiles(model);
    const goodConfig = textOf(good, 'config.json');
    writeFileSync(config, goodConfig.replace('"hidden_size": 16', '"hidden_size": 32'));
    await fails('wrong shape', 'has shape');
    writeFileSync(config, goodConfig.replace('llama', 'mamba'));
    await fails('unknown architecture', 'config.json');
    writeFileSync(config, goodConfig);
    writeFileSync(path.join(folder, 'model.safetensors'), good['model.safetensors']!.subarray(0, 500));
    await fails('cut off', 'model.safetensors');
    rmSync(path.join(folder, 'model.safetensors'));
    await fails('without weights', 'model.safetensors is missing');
    expect(await deps.db.modelVersion.count()).toBe(before);
    await expect(importFolder(deps, actor, { projectId: project.projectId, name: 'x', folder: '/nowhere' })).rejects.toMatchObject({
      code: 'BAD_INPUT',
      message: '/nowhere is not a folder that can be read.',
    });
  });
});
