import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { createEngine } from '#lib/ml/engine/create-engine';
import type { Engine } from '#lib/ml/engine/engine';
import { createLanguageModel, type LanguageModel } from '#lib/ml/nn/language-model';
import { dpoConfig, trainDpo } from '#lib/ml/trainers/dpo';
import { grpoConfig, trainGrpo } from '#lib/ml/trainers/grpo';
import { ktoConfig, trainKto } from '#lib/ml/trainers/kto';
import { rlooConfig, trainRloo } from '#lib/ml/trainers/rloo';
import type { StepMetrics } from '#lib/ml/trainers/trainer';
import { type Reference, referenceModel } from '#lib/ml/training/reference';
import { follow, tinyPairs } from './direct-harness';
import { numberTokenizer, tinyFiles } from './tiny-model';

const doc = readFileSync(new URL('../../../../docs/metrics.md', import.meta.url), 'utf8');

/** Names in the tables of one section. */
function documented(phase: string): string[] {
  const section = doc.split(/^## /m).find((part) => part.includes(`(\`phase\` ${phase})`)) ?? '';
  const cells = section.split('\n').filter((line) => line.startsWith('| `'));
  return cells.flatMap((row) => [...row.split('|')[1]!.matchAll(/`([^`]+)`/g)].map((match) => match[1]!)).sort();
}

describe('docs/metrics.md', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await createEngine({ backend: 'auto' });
  }, 60_000);

  async function namesOf(train: (common: Common) => AsyncGenerator<StepMetrics, unknown>): Promise<string[]> {
    const [policy, model] = [createLanguageModel(engine, tinyFiles(1)), createLanguageModel(engine, tinyFiles(1))];
    const reference = referenceModel(model);
    const signal = new AbortController().signal;
    const { rows } = await follow(train({ engine, policy, reference, tokenizer: numberTokenizer, signal }));
    for (const each of [reference, policy, model]) each.dispose();
    const names = new Set(rows.flatMap(({ metrics }) => Object.keys(metrics)));
    return [...names].map((name) => name.replace('reward/part/length', 'reward/part/<name>')).sort();
  }

  it('lists exactly what DPO writes', async () => {
    const config = dpoConfig.parse({ samplePrompts: 0 });
    expect(await namesOf((common) => trainDpo({ ...common, data: tinyPairs(8), config }))).toEqual(documented('dpo'));
  });

  it('lists exactly what KTO writes', async () => {
    const data = tinyPairs(12).flatMap(({ chosen, pairId, rejected, ...rest }) => [
      { ...rest, answerId: `${pairId}+`, answer: chosen, desirable: true },
      { ...rest, answerId: `${pairId}-`, answer: rejected, desirable: false },
    ]);
    const config = ktoConfig.parse({ samplePrompts: 0 });
    expect(await namesOf((common) => trainKto({ ...common, data, config }))).toEqual(documented('kto'));
  });

  it('lists exactly what RLOO and GRPO write', async () => {
    const settings = { steps: 1, rolloutBatchSize: 8, samplesPerPrompt: 4, maxNewTokens: 4, samplePrompts: 0 };
    const world = {
      prompts: [{ promptId: 'p', tokens: [1, 4] }],
      reward: (episodes: readonly { readonly response: readonly number[] }[]) => {
        const total = episodes.map(({ response }) => response[0] as number);
        return { total, parts: { length: episodes.map(({ response }) => response.length) } };
      },
    };
    const rloo = await namesOf((common) => trainRloo({ ...common, ...world, config: rlooConfig.parse(settings) }));
    const grpo = await namesOf((common) => trainGrpo({ ...common, ...world, config: grpoConfig.parse(settings) }));
    expect(rloo).toEqual(documented('rloo'));
    expect(grpo).toEqual(documented('grpo'));
  });
});

interface Common {
  readonly engine: Engine;
  readonly policy: LanguageModel;
  readonly reference: Reference;
  readonly tokenizer: typeof numberTokenizer;
  readonly signal: AbortSignal;
}
