import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { CheckpointData } from '#lib/ml/trainers/trainer';
import { CheckpointFolder } from '../../../../../scripts/cli/train/checkpoint-folder';
import { OutFolder, requireUsable } from '../../../../../scripts/cli/train/out-folder';
import type { RunRecord } from '../../../../../scripts/cli/train/run-record';

const root = mkdtempSync(path.join(os.tmpdir(), 'plumbline-out-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let folder = '';
let number = 0;
beforeEach(() => {
  number += 1;
  folder = path.join(root, String(number));
});

const engine = { backend: 'wasm', device: 'cpu', library: 'test', threads: 1 } as const;
const record: RunRecord = {
  algorithm: 'sft',
  inputs: { model: { path: '/m', sha256: 'a' }, data: { path: '/d', sha256: 'b' } },
  seed: 1,
  config: { seed: 1, lora: { rank: 4 } },
  engine,
  startedAt: '2026-01-01T00:00:00.000Z',
  command: ['plumbline', 'train', 'sft'],
};

const checkpoint = (step: number): CheckpointData => ({
  step,
  tensors: { weights: { dtype: 'F32', shape: [3], data: Float32Array.of(step, -0, 1e-40) } },
  json: { step, note: 'ü' },
});

describe('checkpoints', () => {
  it('come back bit by bit; the last two and the best are kept', async () => {
    const checkpoints = new CheckpointFolder(folder);
    for (const [step, judged] of [
      [1, 0.5],
      [2, 0.1],
      [3, null],
      [4, 0.3],
      [5, null],
    ] as const) {
      await checkpoints.save(checkpoint(step), { engine, judged });
    }
    expect(readdirSync(folder).sort()).toEqual(['step-2', 'step-4', 'step-5']);
    const said: string[] = [];
    const newest = await checkpoints.newest((line) => said.push(line));
    expect(newest).toEqual(checkpoint(5));
    const [, zero] = newest?.tensors.weights?.data ?? [];
    expect(Object.is(zero, -0)).toBe(true);
    expect(said).toEqual([]);
  });

  it.each([
    ['cut off', (at: string) => truncateSync(path.join(at, 'state.safetensors'), 40)],
    [
      'changed in one bit',
      (at: string) => {
        const file = path.join(at, 'state.safetensors');
        const bytes = readFileSync(file);
        bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
        writeFileSync(file, bytes);
      },
    ],
    ['without its JSON', (at: string) => rmSync(path.join(at, 'state.json'))],
    ['with half of its JSON', (at: string) => truncateSync(path.join(at, 'state.json'), 20)],
    ['empty', (at: string) => rmSync(path.join(at, 'state.safetensors'))],
  ])('fall back to the one before where the newest is %s', async (_, damage) => {
    const checkpoints = new CheckpointFolder(folder);
    for (const step of [1, 2]) await checkpoints.save(checkpoint(step), { engine, judged: null });
    damage(path.join(folder, 'step-2'));
    const said: string[] = [];
    expect(await checkpoints.newest((line) => said.push(line))).toEqual(checkpoint(1));
    expect(said.join()).toMatch(/^The checkpoint of step 2 is damaged \(.+\); going on from that of step 1\.$/);
    expect(readdirSync(folder)).toEqual(['step-1']);
    damage(path.join(folder, 'step-1'));
    await expect(checkpoints.newest(() => undefined)).rejects.toMatchObject({ code: 'PRECONDITION' });
  });

  it('that were being written count for nothing', async () => {
    mkdirSync(path.join(folder, '.step-7'), { recursive: true });
    expect(await new CheckpointFolder(folder).newest(() => undefined)).toBeUndefined();
  });
});

describe('OUT', () => {
  const options = { resume: false, force: false, say: () => undefined };
  const step = (at: number, keep: boolean) => ({
    step: at,
    totalSteps: 9,
    phase: 'sft',
    metrics: { 'train/loss': at },
    samples: [{ promptId: 'p', sampleIndex: 0, text: 't', scores: {} }],
    ...(keep ? { checkpoint: checkpoint(at) } : {}),
  });
  const about = { engine, judged: null };
  const rows = (name: string) =>
    readFileSync(path.join(folder, name), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { step: number }).step);

  it('goes on behind its checkpoint: later rows and half a row are cut, and what a kill left is taken away', async () => {
    const first = await OutFolder.open(folder, record, options);
    for (const [at, keep] of [
      [1, false],
      [2, true],
      [3, false],
      [4, false],
    ] as const)
      await first.write(step(at, keep), about);
    await first.close();
    writeFileSync(path.join(folder, 'metrics.jsonl'), `${readFileSync(path.join(folder, 'metrics.jsonl'), 'utf8')}{"step":5,"tot`);
    writeFileSync(path.join(folder, '.training.json.1234'), '{');
    const again = await OutFolder.open(folder, record, { ...options, resume: true });
    expect(again.resumed?.step).toBe(2);
    expect([rows('metrics.jsonl'), rows('samples.jsonl')]).toEqual([
      [1, 2],
      [1, 2],
    ]);
    await again.write(step(3, false), about);
    await again.close();
    expect(rows('metrics.jsonl')).toEqual([1, 2, 3]);
    expect(readdirSync(folder).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('is one process’s at a time', async () => {
    const first = await OutFolder.open(folder, record, options);
    await expect(OutFolder.open(folder, record, { ...options, resume: true })).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining(`process ${process.pid}`),
    });
    await first.close();
    await (await OutFolder.open(folder, record, { ...options, resume: true })).close();
  });

  it('goes on only with what it was begun with, naming every difference', async () => {
    await (await OutFolder.open(folder, record, options)).close();
    const other: RunRecord = {
      ...record,
      inputs: { model: { path: '/m', sha256: 'x' }, validation: { path: '/v', sha256: 'c' } },
      config: { seed: 2, lora: { rank: 8 } },
      engine: { ...engine, threads: 2 },
    };
    await expect(OutFolder.open(folder, other, { ...options, resume: true })).rejects.toMatchObject({
      code: 'BAD_INPUT',
      details: {
        differences: [
          '--model: the content of /m is another one than when the run began (/m)',
          '--data: /d instead of none',
          '--validation: none instead of /v',
          'the setting seed: 1 instead of 2',
          'the setting lora.rank: 4 instead of 8',
          "the engine's threads: 1 instead of 2",
        ],
      },
    });
    await expect(
      OutFolder.open(
        folder,
        { ...record, inputs: { ...record.inputs, model: { path: '/moved', sha256: 'a' } } },
        { ...options, resume: true },
      ),
    ).resolves.toBeDefined();
  });

  it('is not written over unless that is wanted', async () => {
    const plain = { resume: false, force: false };
    await requireUsable(folder, plain);
    await expect(requireUsable(folder, { resume: true, force: false })).rejects.toMatchObject({
      message: expect.stringContaining('no run'),
    });
    mkdirSync(folder);
    writeFileSync(path.join(folder, 'notes.txt'), 'mine');
    await expect(requireUsable(folder, plain)).rejects.toMatchObject({
      code: 'PRECONDITION',
      message: expect.stringContaining('not empty'),
    });
    await (await OutFolder.open(folder, record, options)).close();
    await expect(requireUsable(folder, plain)).rejects.toMatchObject({ message: expect.stringContaining('holds a run already') });
    await requireUsable(folder, { resume: false, force: true });
    await expect(requireUsable(folder, { resume: true, force: true })).rejects.toMatchObject({ code: 'BAD_INPUT' });
    await expect(requireUsable(path.join(folder, 'notes.txt'), plain)).rejects.toMatchObject({
      message: expect.stringContaining('is a file'),
    });
  });
});
