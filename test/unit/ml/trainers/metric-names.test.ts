import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { createEngine } from '#lib/ml/engine/create-engine';
import type { Engine } from '#lib/ml/engine/engine';
import { createLanguageModel, createScalarModel } from '#lib/ml/nn/language-model';
import { trainPpo } from '#lib/ml/trainers/ppo';
import { ppoConfig } from '#lib/ml/trainers/ppo-config';
import { trainReward } from '#lib/ml/trainers/reward';
import { rewardConfig } from '#lib/ml/trainers/reward-config';
import { trainSft } from '#lib/ml/trainers/sft';
import { sftConfig } from '#lib/ml/trainers/sft-config';
import type { StepMetrics } from '#lib/ml/trainers/trainer';
import type { RewardScorer, SftExample } from '#lib/ml/training/examples';
import { referenceModel } from '#lib/ml/training/reference';
import { numberTokenizer, tinyFiles } from './tiny-model';

const doc = readFileSync(new URL('../../../../docs/metrics.md', import.meta.url), 'utf8');

/** Names in the tables of one section; `…Low` after `validation/accuracy` stands for that name with the ending. */
function documented(phase: string): Set<string> {
  const section = doc.split(/^## /m).find((part) => part.includes(`(\`phase\` ${phase})`)) ?? '';
  const names = new Set<string>();
  for (const row of section.split('\n').filter((line) => line.startsWith('| `'))) {
    const cell = [...row.split('|')[1]!.matchAll(/`([^`]+)`/g)].map((match) => match[1]!);
    for (const name of cell) names.add(name.startsWith('…') ? cell[0]! + name.slice(1) : name);
  }
  return names;
}

async function namesOf(training: AsyncGenerator<StepMetrics, unknown>): Promise<Set<string>> {
  const names = new Set<string>();
  for await (const row of training) for (const name of Object.keys(row.metrics)) names.add(name);
  return names;
}

describe('docs/metrics.md', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await createEngine({ backend: 'auto' });
  }, 60_000);
  const signal = new AbortController().signal;

  it('lists exactly what reward training writes', async () => {
    const data = Array.from({ length: 6 }, (_, index) => ({
      promptId: `p${index}`,
      split: index < 3 ? ('TRAIN' as const) : ('VALIDATION' as const),
      prompt: [1, 3 + index],
      responses: [
        { responseId: 'a', tokens: [7, 2] },
        { responseId: 'b', tokens: [5, 6, 2] },
      ],
      rankings: [{ annotatorId: 'x', ranks: [1, 2] }],
    }));
    const model = createScalarModel(engine, tinyFiles(1), { headSeed: 1 });
    // what is learned beside the model only where it is asked for
    const config = rewardConfig.parse({ ties: 'davidson', terms: { accuracy: true, temperature: true, position: true, length: true } });
    const names = await namesOf(trainReward({ engine, model, tokenizer: numberTokenizer, data, config, signal }));
    names.add('ensemble/member');
    expect([...names].sort()).toEqual([...documented('reward')].sort());
    model.dispose();
  });

  it('lists exactly what supervised fine-tuning writes', async () => {
    const data = Array.from({ length: 8 }, (_, index): SftExample => {
      const tokens = [1, 3 + index, 7, 2];
      return {
        exampleId: `e${index}`,
        split: index < 4 ? 'TRAIN' : 'VALIDATION',
        task: index % 2 === 0 ? 'even' : 'odd',
        text: { prefix: { tokens, weights: [0, 0, 1, 1] } },
      };
    });
    const model = createLanguageModel(engine, tinyFiles(1));
    const reward: RewardScorer = (answers) => ({ total: answers.map(({ response }) => response.length) });
    const config = sftConfig.parse({ epochs: 1, maxNewTokens: 3 });
    const names = await namesOf(trainSft({ engine, model, tokenizer: numberTokenizer, data, config, signal, reward }));
    const general = [...names].map((name) => name.replace(/\/(even|odd)$/, '/<task>'));
    expect([...new Set(general)].sort()).toEqual([...documented('sft')].sort());
    model.dispose();
  });

  it('lists exactly what PPO writes', async () => {
    const [policy, other] = [createLanguageModel(engine, tinyFiles(1)), createLanguageModel(engine, tinyFiles(1))];
    const value = createScalarModel(engine, tinyFiles(1), { headSeed: 1 });
    const reference = referenceModel(other);
    const pretraining: SftExample[] = [{ exampleId: 'e', split: 'TRAIN', task: 'text', text: { prefix: { tokens: [1, 4, 5, 6, 2] } } }];
    const names = await namesOf(
      trainPpo({
        engine,
        policy,
        reference,
        value,
        reward: (episodes) => {
          const total = episodes.map(({ response }) => response.length);
          return { total, parts: { length: total } };
        },
        prompts: [{ promptId: 'p', tokens: [1, 4] }],
        pretraining,
        tokenizer: numberTokenizer,
        config: ppoConfig.parse({
          steps: 2,
          rolloutBatchSize: 8,
          maxNewTokens: 4,
          entropyCoefficient: 0.01,
          ptx: { coefficient: 0.1, batchSize: 1 },
          emaDecay: 0.9,
          scoreClip: 10,
        }),
        signal,
      }),
    );
    // a part of the reward stands for all
    expect([...names].map((name) => name.replace('reward/part/length', 'reward/part/<name>')).sort()).toEqual(
      [...documented('ppo')].sort(),
    );
    for (const model of [reference, policy, other, value]) model.dispose();
  });
});
