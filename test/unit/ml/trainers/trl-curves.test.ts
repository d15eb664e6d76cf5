import { readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createEngine } from '#lib/ml/engine/create-engine';
import type { Engine } from '#lib/ml/engine/engine';
import { newModel } from '#lib/ml/models/new-model';
import { ourCurve } from '../../../../scripts/reference/our-training-curves';
import {
  comparedSettings,
  comparedTrainers,
  syntheticConfig,
  syntheticPairs,
  syntheticSeed,
  syntheticTokenizerJson,
} from '../../../../scripts/reference/training-cases';

const curve = z.array(z.number()).length(comparedSettings.steps);
/** Written by scripts/reference/compare-training.ts --write. */
const theirs = z
  .object({ sft: curve, reward: curve, dpo: curve })
  .parse(JSON.parse(readFileSync(path.resolve(import.meta.dirname, '../../../fixtures/training/trl-curves.json'), 'utf8')));

describe('our trainers on the checkpoint, data, order and settings of TRL 1.16', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await createEngine({ backend: 'auto' });
  }, 60_000);

  it.each(comparedTrainers)(
    '%s: the loss of each of 20 updates agrees to 5e-5',
    async (trainer) => {
      const before = engine.tensorCount();
      const files = { ...newModel(syntheticConfig, syntheticSeed), tokenizerJson: syntheticTokenizerJson() };
      const ours = await ourCurve(trainer, { engine, files, pairs: syntheticPairs(comparedSettings), settings: comparedSettings });
      expect(ours).toHaveLength(comparedSettings.steps);
      for (const [index, loss] of theirs[trainer].entries()) expect(Math.abs((ours[index] ?? Number.NaN) - loss)).toBeLessThan(5e-5);
      // Twenty updates moved it: a curve that stands still would agree with little.
      expect(new Set(ours.map((loss) => loss.toFixed(3))).size).toBeGreaterThan(10);
      expect(engine.tensorCount()).toBe(before);
    },
    180_000,
  );
});
