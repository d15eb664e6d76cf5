import type { LoopConfigInput } from '#lib/domain/loop-config';
import { storyPreset } from '#lib/ml/trainers/presets';

/** Settings of a simulated loop on a model of some hundred thousand parameters. Gate and decision go by rule: nobody is there to ask. */
export function simulationConfig(given: { steps?: number | undefined; promptsPerRound?: number | undefined }): LoopConfigInput {
  const { sampling, reward, ppo } = storyPreset;
  return {
    responsesPerPrompt: sampling.responsesPerPrompt,
    promptsPerRound: given.promptsPerRound ?? 160,
    sampling: { temperature: sampling.temperature, maxNewTokens: sampling.maxNewTokens, batchSize: 64 },
    reward,
    gate: { minimumAccuracyLow: 0.5 },
    policy: given.steps === undefined ? ppo : { ...ppo, steps: given.steps },
    evaluation: { prompts: 40, comparisons: 40, overlap: 1, temperature: sampling.temperature },
    decision: { rule: 'win-rate', threshold: 0.5 },
  };
}
