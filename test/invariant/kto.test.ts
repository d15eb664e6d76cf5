import { it } from 'vitest';
import { ktoConfig, trainKto } from '#lib/ml/trainers/kto';
import { tinyPairs } from '../unit/ml/trainers/direct-harness';
import { expectTrajectory } from './direct-trajectory';

// Of one length: few graphs are recorded.
const ofFive = (tokens: readonly number[]) => [...[...tokens.slice(0, -1), 5, 6, 8].slice(0, 4), 2];

it('KTO goes the committed way', async () => {
  const data = tinyPairs(40).map(({ chosen, pairId, rejected, ...rest }, index) => ({
    ...rest,
    answerId: pairId,
    answer: ofFive(index % 2 === 0 ? chosen : rejected),
    desirable: index % 2 === 0,
  }));
  const config = ktoConfig.parse({
    seed: 11,
    epochs: 5,
    batchSize: 8,
    beta: 0.5,
    learningRate: 2e-3,
    // gradients that are nothing but rounding move nothing: other processors round otherwise
    epsilon: 1e-4,
    schedule: { kind: 'cosine', warmup: 0.2, floor: 0.1 },
    // towards all answers, so that the reference point is above 0
    desirableWeight: 8,
    evaluateEvery: 5,
    checkpointEvery: 100,
    samplePrompts: 0,
  });
  await expectTrajectory('kto', (world) => trainKto({ ...world, data, config }));
});
