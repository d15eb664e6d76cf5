import type { RopeConfig, RopeScaling } from '#lib/ml/models/rope-config';

/** How fast each pair of a head turns, and what its cos and sin are multiplied by. Pairs are (i, i + headSize / 2). */
export interface RotaryFrequencies {
  /** Radians a position, `[headSize / 2]`, rounded to float32 as the models were trained. */
  readonly frequencies: Float32Array;
  readonly attentionFactor: number;
}

type Yarn = Extract<RopeScaling, { type: 'yarn' }>;
type Llama3 = Extract<RopeScaling, { type: 'llama3' }>;

/** Llama 3.1: slow pairs are slowed down by `factor`, fast ones stay, those between are blended by wavelength. */
function llama3(frequency: number, scaling: Llama3): number {
  const turns = (scaling.originalContextLength * frequency) / (2 * Math.PI);
  if (turns > scaling.highFrequencyFactor) return frequency;
  if (turns < scaling.lowFrequencyFactor) return frequency / scaling.factor;
  const share = (turns - scaling.lowFrequencyFactor) / (scaling.highFrequencyFactor - scaling.lowFrequencyFactor);
  return ((1 - share) * frequency) / scaling.factor + share * frequency;
}

/** YaRN (Peng et al. 2023, section 3.2): pairs below `low` stay, those above `high` are slowed down, a ramp between them. */
function yarnRamp(scaling: Yarn, theta: number, headSize: number): (pair: number) => number {
  // the pair that makes `turns` turns within the original context
  const pairOf = (turns: number) => (headSize * Math.log(scaling.originalContextLength / (turns * 2 * Math.PI))) / (2 * Math.log(theta));
  const [from, to] = [pairOf(scaling.betaFast), pairOf(scaling.betaSlow)];
  const low = Math.max(scaling.truncate ? Math.floor(from) : from, 0);
  const high = Math.min(scaling.truncate ? Math.ceil(to) : to, headSize - 1);
  const width = low === high ? 0.001 : high - low;
  return (pair) => Math.min(Math.max((pair - low) / width, 0), 1);
}

export function rotaryFrequencies(headSize: number, rope: RopeConfig): RotaryFrequencies {
  const { scaling, theta } = rope;
  const pairs = headSize / 2;
  const plain = Array.from({ length: pairs }, (_, pair) => Math.fround(theta ** (-pair / pairs)));
  const rounded = (frequencyOf: (frequency: number, pair: number) => number, attentionFactor = 1) => ({
    frequencies: Float32Array.from(plain, frequencyOf),
    attentionFactor,
  });
  switch (scaling?.type) {
    case 'linear':
      return rounded((frequency) => frequency / scaling.factor);
    case 'llama3':
      return rounded((frequency) => llama3(frequency, scaling));
    case 'yarn': {
      const ramp = yarnRamp(scaling, theta, headSize);
      return rounded(
        (frequency, pair) => (frequency / scaling.factor) * ramp(pair) + frequency * (1 - ramp(pair)),
        scaling.attentionFactor,
      );
    }
    default:
      // 'dynamic' changes angles beyond the context length only
      return rounded((frequency) => frequency);
  }
}
