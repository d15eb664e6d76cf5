import { it } from 'vitest';
import { rlooConfig, trainRloo } from '#lib/ml/trainers/rloo';
import type { RewardScorer } from '#lib/ml/training/examples';
import { expectTrajectory } from './direct-trajectory';

const prompts = Array.from({ length: 6 }, (_, index) => ({ promptId: `p${index}`, tokens: [1, 3 + index, 3 + ((index * 5) % 9)] }));
const sevens: RewardScorer = (episodes) => ({
  total: episodes.map(({ response }) => (2 * response.filter((token) => token === 7).length) / response.length - 0.5),
});

it('RLOO goes the committed way', async () => {
  const config = rlooConfig.parse({
    seed: 11,
    steps: 20,
    rolloutBatchSize: 16,
    samplesPerPrompt: 4,
    minibatchSize: 8,
    microbatchSize: 4,
    innerEpochs: 2,
    maxNewTokens: 5,
    temperature: 0.9,
    learningRate: 2e-3,
    // gradients that are nothing but rounding move nothing: other processors round otherwise
    epsilon: 1e-4,
    klCoefficient: 0.1,
    clipHigh: 0.2,
    targetInnerKl: 0.05,
    missingEos: { kind: 'subtract', penalty: 0.2 },
    samplePrompts: 0,
    checkpointEvery: 100,
  });
  await expectTrajectory('rloo', (world) => trainRloo({ ...world, prompts, reward: sevens, config }));
});
