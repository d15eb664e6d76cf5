import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import { createEngine } from '#lib/ml/engine/create-engine';
import type { Engine } from '#lib/ml/engine/engine';
import { createLanguageModel, type LanguageModel } from '#lib/ml/nn/language-model';
import type { StepMetrics } from '#lib/ml/trainers/trainer';
import { type Reference, referenceModel } from '#lib/ml/training/reference';
import { comparable, follow, trained } from '../unit/ml/trainers/direct-harness';
import { numberTokenizer, tinyFiles } from '../unit/ml/trainers/tiny-model';

/**
 * Twenty updates on a tiny seeded model, number by number: whatever changes what a trainer computes changes its file. After a wanted change, or where none is
 * there yet, make it anew and look at the difference:
 *
 *   PLUMBLINE_WRITE_TRAJECTORIES=1 npx vitest run --project unit test/invariant/<name>.test.ts
 */

const folder = new URL('trajectories/', import.meta.url);
const steps = 20;

/** Rounding differs between processors and libraries, and training carries it on; between the two engines the largest difference is 5e-5. */
const tolerance = 1e-3;

interface World {
  readonly engine: Engine;
  readonly policy: LanguageModel;
  readonly reference: Reference;
  readonly startsAtReference: true;
  readonly tokenizer: typeof numberTokenizer;
  readonly signal: AbortSignal;
}

const rounded = (value: number) => Number(value.toPrecision(7));

export async function expectTrajectory(name: string, train: (world: World) => AsyncGenerator<StepMetrics, unknown>): Promise<void> {
  const engine = await createEngine({ backend: 'auto' });
  const [policy, model] = [createLanguageModel(engine, tinyFiles(1)), createLanguageModel(engine, tinyFiles(1))];
  const reference = referenceModel(model);
  const signal = new AbortController().signal;
  const { rows } = await follow(train({ engine, policy, reference, startsAtReference: true, tokenizer: numberTokenizer, signal }));
  const squares = [...trained(policy).values()].reduce((sum, values) => sum + values.reduce((all, value) => all + value * value, 0), 0);
  for (const each of [reference, policy, model]) each.dispose();
  const found = comparable(rows).map(({ metrics }) =>
    Object.fromEntries(Object.entries(metrics).map(([key, value]) => [key, rounded(value)])),
  );
  const file = new URL(`${name}.json`, folder);
  if (process.env.PLUMBLINE_WRITE_TRAJECTORIES) {
    const command = `PLUMBLINE_WRITE_TRAJECTORIES=1 npx vitest run --project unit test/invariant/${name}.test.ts`;
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, `${JSON.stringify({ command, steps: found, weightSquares: rounded(squares) }, null, 1)}\n`);
  }
  const kept = JSON.parse(readFileSync(file, 'utf8')) as { steps: Record<string, number>[]; weightSquares: number };
  expect(kept.steps).toHaveLength(steps);
  expect(found).toHaveLength(steps);
  const far: string[] = [];
  const compare = (what: string, value: number, expected: number) => {
    if (!(Math.abs(value - expected) <= tolerance * Math.max(1, Math.abs(expected)))) far.push(`${what}: ${value} instead of ${expected}`);
  };
  for (const [index, expected] of kept.steps.entries()) {
    expect(Object.keys(found[index] ?? {})).toEqual(Object.keys(expected));
    for (const [key, value] of Object.entries(expected)) compare(`step ${index + 1}, ${key}`, found[index]?.[key] ?? Number.NaN, value);
  }
  compare('squares of the weights', squares, kept.weightSquares);
  expect(far).toEqual([]);
}
