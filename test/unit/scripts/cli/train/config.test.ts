import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { z } from 'zod';
import { readConfig } from '../../../../../scripts/cli/train/config';
import { nearest, unknownKeys } from '../../../../../scripts/cli/train/known-keys';

const folder = mkdtempSync(path.join(os.tmpdir(), 'plumbline-config-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const part = z.union([
  z.discriminatedUnion('rule', [
    z.strictObject({ rule: z.literal('length'), target: z.number().nullable().default(null) }),
    z.strictObject({ rule: z.literal('match'), pattern: z.string() }),
  ]),
  z.strictObject({ model: z.string(), lambda: z.number().default(0.1) }),
]);
const schema = z
  .object({
    learningRate: z.number().positive().default(1e-3),
    epochs: z.number().int().min(1).default(1),
    lora: z
      .object({ rank: z.number().int().positive().default(8) })
      .nullable()
      .default(null),
    weights: z.record(z.string(), z.number()).default({}),
    reward: z
      .union([part, z.array(part)])
      .nullable()
      .default(null),
  })
  .refine(({ epochs }) => epochs < 100, { path: ['epochs'], message: 'too many' });

const write = (name: string, text: string) => {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  return file;
};
const read = (sets: readonly string[], file?: string) => readConfig(schema, { algorithm: 'sft', file, sets });

it('puts the file over defaults and --set over the file, and says what came from where', async () => {
  const file = write('a.yaml', 'learningRate: 1e-5 # small\nepochs: 3\nlora:\n  rank: 4\n');
  const { config, origins } = await read(['epochs=5', 'weights.anna=0.5'], file);
  expect(config).toEqual({ learningRate: 1e-5, epochs: 5, lora: { rank: 4 }, weights: { anna: 0.5 }, reward: null });
  expect(origins).toEqual([
    { key: 'learningRate', value: 1e-5, from: 'file' },
    { key: 'epochs', value: 5, from: '--set' },
    { key: 'lora.rank', value: 4, from: 'file' },
    { key: 'weights.anna', value: 0.5, from: '--set' },
    { key: 'reward', value: null, from: 'default' },
  ]);
  const json = write('a.json', '{"lora":{}}');
  expect((await read([], json)).origins.find(({ key }) => key === 'lora.rank')).toEqual({ key: 'lora.rank', value: 8, from: 'default' });
});

it('refuses keys that there are not, at every depth, with the nearest one', async () => {
  await expect(read(['learning_rate=1'])).rejects.toMatchObject({
    code: 'BAD_INPUT',
    message: '--set: sft has no setting "learning_rate".',
    details: { key: 'learning_rate', nearest: 'learningRate' },
  });
  const file = write('b.yaml', 'lora:\n  rnak: 4\n');
  await expect(read([], file)).rejects.toMatchObject({ message: `${file}: sft has no setting "lora.rnak".`, details: { nearest: 'rank' } });
  await expect(read(['reward={"rule":"match","patern":"a"}'])).rejects.toMatchObject({ details: { nearest: 'pattern' } });
  await expect(read(['reward=[{"model":"a","lamda":1}]'])).rejects.toMatchObject({ details: { key: 'reward.0.lamda', nearest: 'lambda' } });
  await expect(read(['entirelyOther=1'])).rejects.toMatchObject({ details: { nearest: null } });
});

it('refuses wrong values by their key', async () => {
  await expect(read(['epochs=many'])).rejects.toMatchObject({ message: expect.stringMatching(/^--set: "epochs" is "many": /) });
  await expect(read(['epochs=100'])).rejects.toMatchObject({ message: '--set: "epochs" is 100: too many.' });
  await expect(read(['epochs'])).rejects.toMatchObject({ message: '--set takes key=value, not "epochs".' });
  await expect(read([], write('c.yaml', 'epochs: 1\nepochs: 2\n'))).rejects.toMatchObject({ message: expect.stringContaining('line 2') });
  await expect(read([], write('d.json', '{'))).rejects.toMatchObject({ message: expect.stringContaining('this is not JSON') });
  await expect(read([], write('e.yaml', '- 1\n'))).rejects.toMatchObject({ code: 'BAD_INPUT' });
  await expect(read([], path.join(folder, 'none.yaml'))).rejects.toMatchObject({
    message: expect.stringContaining('there is no such file'),
  });
});

it('finds unknown keys of what fits, and names that are near', () => {
  expect(unknownKeys(schema, { reward: [{ rule: 'length', target: 3 }, { model: 'x' }], weights: { anyone: 1 } })).toEqual([]);
  expect(unknownKeys(schema, { reward: { rule: 'length', pattern: 'x' } })).toEqual([
    { path: 'reward.pattern', key: 'pattern', known: ['rule', 'target'] },
  ]);
  expect(nearest('batchsize', ['batchSize', 'beta1'])).toBe('batchSize');
  expect(nearest('zebra', ['batchSize', 'beta1'])).toBeUndefined();
});
