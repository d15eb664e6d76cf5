import { it } from 'vitest';
import { dpoConfig, trainDpo } from '#lib/ml/trainers/dpo';
import { tinyPairs } from '../unit/ml/trainers/direct-harness';
import { expectTrajectory } from './direct-trajectory';

// Of one length: few graphs are recorded.
const ofFive = (tokens: readonly number[]) => [...[...tokens.slice(0, -1), 5, 6, 8].slice(0, 4), 2];

it('DPO goes the committed way', async () => {
  const config = dpoConfig.parse({
    seed: 11,
    epochs: 5,
    batchSize: 8,
    learningRate: 2e-3,
    // gradients that are nothing but rounding move nothing: other processors round otherwise
    epsilon: 1e-4,
    schedule: { kind: 'cosine', warmup: 0.2, floor: 0.1 },
    labelSmoothing: 0.1,
    sftCoefficient: 0.1,
    evaluateEvery: 5,
    checkpointEvery: 100,
    samplePrompts: 0,
  });
  const data = tinyPairs(40).map((pair) => ({ ...pair, chosen: ofFive(pair.chosen), rejected: ofFive(pair.rejected) }));
  await expectTrajectory('dpo', (world) => trainDpo({ ...world, data, config }));
});
