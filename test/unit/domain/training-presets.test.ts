import { describe, expect, it } from 'vitest';
import { loopConfig } from '#lib/domain/loop-config';
import { presetFor, trainingPresetNames, trainingPresets, withPreset } from '#lib/domain/training-presets';
import { ppoConfig } from '#lib/ml/trainers/ppo-config';
import { rewardConfig } from '#lib/ml/trainers/reward-config';

describe('training presets', () => {
  it.each(trainingPresetNames)('%s holds only settings that loop and trainers know', (name) => {
    const config = loopConfig.parse(withPreset({}, name));
    expect(ppoConfig.parse({ ...config.policy, seed: 1 })).toMatchObject(trainingPresets[name].policy);
    expect(rewardConfig.parse({ ...config.reward, seed: 1 })).toMatchObject(trainingPresets[name].reward);
  });

  it('keeps what was given', () => {
    const given = { sampling: { maxNewTokens: 20 }, policy: { steps: 3 }, reward: { epochs: 1 } };
    const config = withPreset(given, 'small');
    expect(config.sampling).toMatchObject({ maxNewTokens: 20, temperature: 0.8 });
    expect(config.policy).toMatchObject({ steps: 3, maxNewTokens: 20, rolloutBatchSize: 64 });
    expect(config.reward).toMatchObject({ epochs: 1, learningRate: 2e-3 });
  });

  it('lets labeling, PPO and evaluation sample at one temperature', () => {
    const config = loopConfig.parse(withPreset({ sampling: { temperature: 0.6 } }, 'small'));
    expect(config.policy.temperature).toBe(0.6);
    expect(config.evaluation.temperature).toBe(0.6);
    expect(loopConfig.parse(withPreset({}, 'published')).evaluation.temperature).toBe(1);
  });

  it('goes by the size of the policy', () => {
    expect(presetFor(260_032)).toBe('small');
    expect(presetFor(1_000_000_000)).toBe('published');
  });
});
