import { z } from 'zod';
import { mean } from '#lib/domain/statistics/summary';
import { sigmoid } from '#lib/ml/numerics';
import { type JudgeTerms, judgementLoss, type TieModel } from '#lib/ml/numerics-preferences';
import type { JudgedPair } from './reward-pairs';

export const termsConfig = z.object({
  /** eta_k: the probability that annotator k says what the rewards say rather than the opposite (CrowdBT, Chen et al. 2013). */
  accuracy: z.boolean().default(false),
  /** tau_k: how sharply annotator k tells answers apart; logit = tau_k (r_i - r_j). */
  temperature: z.boolean().default(false),
  /** gamma: what it is worth to be shown first. Needs to know what was shown first. */
  position: z.boolean().default(false),
  /** lambda: what a hundred tokens more are worth to annotators beside the reward, which then is without them. */
  length: z.boolean().default(false),
});
export type TermsConfig = z.infer<typeof termsConfig>;

/**
 * Where each term starts and how far it is expected from there: mean and standard deviation of a normal prior on the free scale. Accuracy: logit, mean
 * that of CrowdBT's prior Beta(10, 1), 10 / 11; temperature, nu: log; theta: log(theta - 1), Rao and Kupper's example theta is near 1.5. Deviations are
 * wide: a hundred judgements outweigh them.
 */
const priors = {
  accuracy: { mean: Math.log(10), deviation: 1 },
  temperature: { mean: 0, deviation: 0.5 },
  position: { mean: 0, deviation: 0.5 },
  length: { mean: 0, deviation: 0.5 },
  nu: { mean: 0, deviation: 2 },
  theta: { mean: Math.log(0.5), deviation: 2 },
} as const;
type TermKind = keyof typeof priors;

/** A learned number on its free scale, and the information gathered on it. */
interface Term {
  value: number;
  information: number;
}

export const termStateSchema = z.record(z.string(), z.object({ value: z.number(), information: z.number() }));
export type TermState = z.infer<typeof termStateSchema>;

/** Largest move of a term in one update, on its free scale. */
const largestMove = 0.25;

/** A hundred tokens. */
const lengthUnit = 100;

export interface LearnedTerms {
  /** Davidson's nu or Rao and Kupper's theta; null under `soft` and `drop`. */
  readonly tie: number | null;
  readonly position: number | null;
  /** Of a hundred tokens. */
  readonly length: number | null;
  readonly annotators: readonly {
    readonly annotatorId: string;
    readonly accuracy: number | null;
    readonly temperature: number | null;
    /** In the training data. */
    readonly judgements: number;
  }[];
}

/** What a judgement says of the terms: the pair, and the difference of the scores and of the lengths (tokens, first less second). */
export interface TermEvidence {
  readonly pair: JudgedPair;
  readonly difference: number;
  readonly lengths: number;
}

/**
 * Terms of the likelihood that are not of the network: of ties and of annotators. They are learned with the model by natural gradient steps on the
 * same loss plus their priors (Amari 1998; information = running sum of squared gradients over an epoch's worth of updates, which needs no learning
 * rate), in float64 from the scores that each update computes anyway. All they are goes into a checkpoint.
 */
export class RewardTerms {
  private readonly terms = new Map<string, Term>();
  private readonly judgements = new Map<string, number>();

  constructor(
    private readonly config: TermsConfig,
    private readonly tie: 'nu' | 'theta' | null,
    data: readonly JudgedPair[],
    state: TermState | undefined,
  ) {
    if (tie) this.start(tie, tie, state);
    if (config.position) this.start('position', 'position', state);
    if (config.length) this.start('length', 'length', state);
    for (const { annotatorId, losses, ties, wins } of data) {
      if (annotatorId === undefined) continue;
      this.judgements.set(annotatorId, (this.judgements.get(annotatorId) ?? 0) + wins + losses + ties);
    }
    for (const annotatorId of this.judgements.keys()) {
      if (config.accuracy) this.start(`accuracy ${annotatorId}`, 'accuracy', state);
      if (config.temperature) this.start(`temperature ${annotatorId}`, 'temperature', state);
    }
  }

  private start(name: string, kind: TermKind, state: TermState | undefined): void {
    this.terms.set(name, { ...(state?.[name] ?? { value: priors[kind].mean, information: 0 }) });
  }

  get learned(): boolean {
    return this.terms.size > 0;
  }

  private free(name: string): number | undefined {
    return this.terms.get(name)?.value;
  }

  ties(): TieModel {
    if (this.tie === 'nu') return { kind: 'davidson', nu: Math.exp(this.free('nu') as number) };
    if (this.tie === 'theta') return { kind: 'raoKupper', theta: 1 + Math.exp(this.free('theta') as number) };
    return { kind: 'soft' };
  }

  /** `lengths`: tokens of the first answer less those of the second. */
  of({ annotatorId, margin = 0, position }: JudgedPair, lengths: number): JudgeTerms {
    const accuracy = annotatorId === undefined ? undefined : this.free(`accuracy ${annotatorId}`);
    const temperature = annotatorId === undefined ? undefined : this.free(`temperature ${annotatorId}`);
    return {
      accuracy: accuracy === undefined ? 1 : sigmoid(accuracy),
      temperature: temperature === undefined ? 1 : Math.exp(temperature),
      shift: (this.free('position') ?? 0) * (position ?? 0) + (this.free('length') ?? 0) * (lengths / lengthUnit),
      margin,
    };
  }

  /** One step of all terms on the judgements of a batch, which are `share` of those of an epoch. */
  update(evidence: readonly TermEvidence[], share: number): void {
    if (!this.learned) return;
    const gradients = new Map<string, { sum: number; squares: number }>();
    const ties = this.ties();
    for (const { difference, lengths, pair } of evidence) {
      const terms = this.of(pair, lengths);
      // each judgement by itself: squares of single gradients are the information
      for (const outcome of ['wins', 'losses', 'ties'] as const) {
        const weight = pair[outcome];
        if (weight === 0) continue;
        const part = judgementLoss(difference, { wins: 0, losses: 0, ties: 0, [outcome]: 1 }, terms, ties);
        const add = (name: string, gradient: number) => {
          if (!this.terms.has(name)) return;
          const so = gradients.get(name) ?? { sum: 0, squares: 0 };
          gradients.set(name, { sum: so.sum + weight * gradient, squares: so.squares + weight * gradient * gradient });
        };
        add(`accuracy ${pair.annotatorId}`, part.byAccuracy * terms.accuracy * (1 - terms.accuracy));
        add(`temperature ${pair.annotatorId}`, part.byTemperature * terms.temperature);
        add('position', part.byShift * (pair.position ?? 0));
        add('length', part.byShift * (lengths / lengthUnit));
        if (ties.kind === 'davidson') add('nu', part.byTie * ties.nu);
        if (ties.kind === 'raoKupper') add('theta', part.byTie * (ties.theta - 1));
      }
    }
    for (const [name, term] of this.terms) {
      const { deviation, mean } = priors[name.split(' ')[0] as TermKind];
      const { squares = 0, sum = 0 } = gradients.get(name) ?? {};
      term.information = (1 - share) * term.information + squares;
      const move = (sum + (share * (term.value - mean)) / deviation ** 2) / (term.information + 1 / deviation ** 2);
      term.value -= Math.min(Math.max(move, -largestMove), largestMove);
    }
  }

  state(): TermState {
    return Object.fromEntries([...this.terms].map(([name, term]) => [name, { ...term }]));
  }

  /** Names and values for docs/metrics.md; nothing where nothing is learned. */
  metrics(): Record<string, number> {
    const { annotators, length, position, tie } = this.result();
    const averages = (['accuracy', 'temperature'] as const).flatMap((kind) => {
      const values = annotators.flatMap((annotator) => annotator[kind] ?? []);
      return values.length === 0 ? [] : [[`terms/${kind}`, mean(values)] as const];
    });
    return {
      ...(tie === null ? {} : { 'terms/tie': tie }),
      ...(position === null ? {} : { 'terms/position': position }),
      ...(length === null ? {} : { 'terms/length': length }),
      ...Object.fromEntries(averages),
    };
  }

  result(): LearnedTerms {
    const ties = this.ties();
    const by = (name: string, free: (value: number) => number) => {
      const value = this.free(name);
      return value === undefined ? null : free(value);
    };
    const { accuracy, temperature } = this.config;
    return {
      tie: ties.kind === 'davidson' ? ties.nu : ties.kind === 'raoKupper' ? ties.theta : null,
      position: by('position', (value) => value),
      length: by('length', (value) => value),
      annotators: [...(accuracy || temperature ? this.judgements : [])].map(([annotatorId, count]) => ({
        annotatorId,
        accuracy: by(`accuracy ${annotatorId}`, sigmoid),
        temperature: by(`temperature ${annotatorId}`, Math.exp),
        judgements: count,
      })),
    };
  }
}
