import type { LoopConfigInput } from '#lib/domain/loop-config';
import { trainingPresets } from '#lib/domain/training-presets';

/** Settings of a simulated loop on a model of some hundred thousand parameters. Gate and decision go by rule: nobody is there to ask. */
export function simulationConfig(given: { steps?: number | undefined; promptsPerRound?: number | undefined }): LoopConfigInput {
  const { sampling, policy } = trainingPresets.small;
  return {
    responsesPerPrompt: 6,
    // Below about 200 rankings of six answers a reward model of this size mostly learns them by heart.
    promptsPerRound: given.promptsPerRound ?? 220,
    sampling,
    gate: { minimumAccuracyLow: 0.5 },
    policy: given.steps === undefined ? policy : { ...policy, steps: given.steps },
    evaluation: { prompts: 40, comparisons: 40, overlap: 1 },
    decision: { rule: 'win-rate', threshold: 0.5 },
  };
}
