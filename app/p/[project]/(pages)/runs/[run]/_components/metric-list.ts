import type { RunView } from '#lib/services/runs/get-run';

export interface KnownMetric {
  /** As docs/metrics.md names it. */
  name: string;
  /** Key of its words in the messages. */
  words:
    | 'reward_score'
    | 'policy_kl'
    | 'policy_entropy'
    | 'policy_clipFraction'
    | 'answer_length'
    | 'value_loss'
    | 'train_loss'
    | 'validation_loss'
    | 'train_accuracy'
    | 'validation_accuracy'
    | 'train_gradientNorm'
    | 'train_scoreStd';
  digits: number;
  percent?: true;
  /** Written once an epoch: points, not a line of steps. */
  sparse?: true;
  level?: number;
}

/** The curves that a run of a kind is read by, in their order; everything else it writes stands below. */
export const mainMetrics: Readonly<Record<RunView['kind'], readonly KnownMetric[]>> = {
  GENERATION: [],
  EVALUATION: [],
  SCORING: [],
  POLICY_TRAINING: [
    { name: 'reward/score', words: 'reward_score', digits: 2 },
    { name: 'policy/kl', words: 'policy_kl', digits: 2 },
    { name: 'policy/entropy', words: 'policy_entropy', digits: 2 },
    { name: 'policy/clipFraction', words: 'policy_clipFraction', digits: 2 },
    { name: 'answer/length', words: 'answer_length', digits: 0 },
    { name: 'value/loss', words: 'value_loss', digits: 3 },
  ],
  REWARD_TRAINING: [
    { name: 'train/loss', words: 'train_loss', digits: 3, level: Math.LN2 },
    { name: 'train/accuracy', words: 'train_accuracy', digits: 0, percent: true, level: 0.5 },
    { name: 'train/gradientNorm', words: 'train_gradientNorm', digits: 2 },
    { name: 'validation/loss', words: 'validation_loss', digits: 3, sparse: true, level: Math.LN2 },
    { name: 'validation/accuracy', words: 'validation_accuracy', digits: 0, percent: true, sparse: true, level: 0.5 },
    { name: 'train/scoreStd', words: 'train_scoreStd', digits: 2 },
  ],
};
