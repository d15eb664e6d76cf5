import { chunk, filledUp } from '#lib/ml/batches';
import type { AdamState, Engine, Tensor } from '#lib/ml/engine/engine';
import { CausalMasks } from '#lib/ml/nn/full-attention';
import type { LanguageModel, ScalarModel } from '#lib/ml/nn/language-model';
import { tokenWeights } from '#lib/ml/numerics';
import { batchOf } from '#lib/ml/training/data-order';
import type { Episode, SftExample } from '#lib/ml/training/examples';
import { hiddenAt } from '#lib/ml/training/row-attention';
import { predictionBucket, TargetLogProbs } from '#lib/ml/training/target-log-probs';
import { TargetScores } from '#lib/ml/training/target-scores';
import type { TokenRows } from '#lib/ml/training/token-rows';
import { createUpdater, type UpdateReport } from '#lib/ml/training/update';
import { checkFirstRatio } from './ppo-checks';
import type { PpoConfig } from './ppo-config';
import {
  dualClipBounds,
  entropyTensor,
  klLossTensor,
  policyLossTensor,
  type RatioReport,
  reportRatios,
  valueLossTensor,
} from './ppo-losses';
import type { Rollout } from './ppo-rollouts';
import { flatten, layEpisodes, layTexts, type RowLimits } from './ppo-rows';

type Microbatch = () => { loss: Tensor; aux?: Record<string, Tensor> };

export interface PolicyReport extends RatioReport, Pick<UpdateReport, 'gradientNorm' | 'applied'> {
  /** Mean entropy of the distribution at the response tokens; with an entropy bonus. */
  readonly distributionEntropy?: number;
  /** Mean loss of a pretraining token, before its coefficient; with a pretraining mix. */
  readonly pretrainingLoss?: number;
}

/** A part of a minibatch as rows, with what is learnt there: flat, one value a response token in the order of the rows. */
interface Part {
  readonly rows: TokenRows;
  /** Of each token in the loss of the whole minibatch; they sum to 1 over its parts. */
  readonly weights: Float32Array;
  readonly flat: (byEpisode: readonly ArrayLike<number>[]) => Float32Array;
}

const sum = (values: ArrayLike<number>): number => {
  let total = 0;
  for (let index = 0; index < values.length; index += 1) total += values[index] as number;
  return total;
};

/** Cuts a minibatch into its microbatches. */
function partsOf(indices: readonly number[], { episodes }: Rollout, config: PpoConfig, limits: RowLimits): Part[] {
  const lengths = indices.map((index) => (episodes[index] as Episode).response.length);
  const weights = tokenWeights(lengths, config.lossAverage);
  const starts = lengths.map((_, place) => sum(lengths.slice(0, place)));
  const places = chunk([...indices.keys()], config.microbatchSize ?? indices.length);
  return places.map((part) => {
    const { order, rows } = layEpisodes(
      part.map((place) => episodes[indices[place] as number] as Episode),
      limits,
    );
    const laid = order.map((at) => part[at] as number);
    const byPlace = lengths.map((length, place) => weights.subarray(starts[place], (starts[place] as number) + length));
    return {
      rows,
      weights: flatten(byPlace, laid),
      flat: (byEpisode) =>
        flatten(
          byEpisode,
          laid.map((place) => indices[place] as number),
        ),
    };
  });
}

/** Fills up to the number of predictions that is computed; what is added weighs nothing. */
function padded(engine: Engine, values: Float32Array): Tensor {
  const count = predictionBucket(values.length);
  return engine.float(filledUp(values, count, 0), [count]);
}

/** Log-probabilities of a policy where it is updated; with the entropies of whole distributions where they are asked for. */
class PolicyPass {
  private readonly targets: TargetLogProbs;
  private readonly masks: CausalMasks;

  constructor(
    private readonly policy: LanguageModel,
    private readonly temperature: number,
  ) {
    this.targets = new TargetLogProbs(policy.trunk);
    this.masks = new CausalMasks(policy.trunk.engine);
  }

  check(rows: TokenRows): void {
    this.targets.check(rows);
  }

  logProbs(rows: TokenRows): Tensor {
    return this.targets.of(rows, this.temperature);
  }

  /** Both from one forward pass: `[bucket]` each. */
  withEntropies(rows: TokenRows): { readonly logProbs: Tensor; readonly entropies: Tensor } {
    const { trunk } = this.policy;
    const { engine } = trunk;
    const count = predictionBucket(rows.predictedFrom.length);
    const all = (values: Int32Array) => filledUp(values, count, values[0] ?? 0);
    // [count, d] -> [count, vocabulary]
    const hidden = hiddenAt(trunk, rows, this.masks.of(rows.time), all(rows.predictedFrom));
    const logits = engine.mul(trunk.logits(hidden), 1 / this.temperature);
    return {
      logProbs: engine.pick(engine.logSoftmax(logits), engine.int(all(rows.targets), [count])),
      entropies: entropyTensor(engine, logits),
    };
  }

  dispose(): void {
    this.targets.dispose();
    this.masks.dispose();
  }
}

/** Both models' updates by minibatches of a rollout. The moments stay the caller's. */
export interface PpoUpdates {
  /** `first`: before any update of the step; then the ratio has to be 1. Not applied where the inner KL bound is passed. Throws INVARIANT. */
  policy(minibatch: Minibatch, at: { readonly learningRate: number; readonly step: number; readonly first: boolean }): PolicyReport;
  value(minibatch: Minibatch, at: { readonly learningRate: number; readonly step: number }): UpdateReport;
  /** Norm of the pretraining gradient with its coefficient over the norm of PPO's own, of one minibatch; nothing is changed. */
  pretrainingRatio(minibatch: Minibatch): number;
  dispose(): void;
}

interface Minibatch {
  readonly indices: readonly number[];
  readonly rollout: Rollout;
  /** Price of a nat, for a penalty in the loss. */
  readonly beta: number;
}

export function createPpoUpdates(options: {
  readonly engine: Engine;
  readonly policy: LanguageModel;
  readonly value: ScalarModel;
  readonly policyAdam: AdamState;
  readonly valueAdam: AdamState;
  readonly pretraining: readonly SftExample[];
  readonly limits: RowLimits;
  readonly config: PpoConfig;
}): PpoUpdates {
  const { config, engine, limits, policy, policyAdam, pretraining, value, valueAdam } = options;
  const pass = new PolicyPass(policy, config.temperature);
  const plain = new TargetLogProbs(policy.trunk);
  const scores = new TargetScores(value);
  const trained = policy.trunk.trainable;
  const policyUpdater = createUpdater({ engine, name: 'policy', parameters: trained, adam: policyAdam, config });
  const valueUpdater = createUpdater({ engine, name: 'value', parameters: value.trunk.trainable, adam: valueAdam, config });

  /** Clipped surrogate, KL term, entropy bonus of one part. */
  const policyMicrobatch = ({ flat, rows, weights }: Part, { beta, rollout }: Minibatch): Microbatch => {
    pass.check(rows);
    const advantages = flat(rollout.advantages);
    return () => {
      const withEntropy = config.entropyCoefficient > 0;
      const { entropies, logProbs } = withEntropy ? pass.withEntropies(rows) : { logProbs: pass.logProbs(rows), entropies: undefined };
      const shares = padded(engine, weights);
      const terms: Tensor[] = [
        policyLossTensor(
          engine,
          logProbs,
          {
            old: padded(engine, flat(rollout.logProbs)),
            advantages: padded(engine, advantages),
            weights: shares,
            ...(config.dualClip === null ? {} : { bounds: padded(engine, dualClipBounds(advantages, config.dualClip)) }),
          },
          config.clip,
        ),
      ];
      if (config.klPlacement === 'loss') {
        // beta may change from step to step: as data it needs no other graph
        const priced = padded(
          engine,
          weights.map((weight) => weight * beta),
        );
        terms.push(klLossTensor(engine, logProbs, padded(engine, flat(rollout.referenceLogProbs)), priced));
      }
      if (entropies) terms.push(engine.mul(engine.sum(engine.mul(entropies, shares)), -config.entropyCoefficient));
      return {
        loss: terms.reduce((all, term) => engine.add(all, term)),
        aux: { logProbs: engine.stopGradient(logProbs), ...(entropies ? { entropies: engine.stopGradient(entropies) } : {}) },
      };
    };
  };

  /** coefficient * mean -log p of the learnt tokens of a batch of pretraining examples, which is a function of the number of updates made. */
  const pretrainingMicrobatches = (): Microbatch[] => {
    if (config.ptx === null) return [];
    const { batchSize, coefficient } = config.ptx;
    const batch = batchOf(pretraining, { seed: config.seed, name: 'ptx', batchSize, step: policyAdam.step });
    const { rows } = layTexts(
      batch.map(({ text }) => text),
      limits,
    );
    plain.check(rows);
    const scale = -coefficient / sum(rows.weights);
    const weights = rows.weights.map((weight) => weight * scale);
    return [
      () => {
        const loss = engine.sum(engine.mul(plain.of(rows), padded(engine, weights)));
        return { loss, aux: { pretraining: engine.mul(engine.stopGradient(loss), 1 / coefficient) } };
      },
    ];
  };

  /** Norm of the sum of the gradients; nothing is kept. */
  const gradientNorm = (microbatches: readonly Microbatch[]): number => {
    let sums: ReadonlyMap<string, Tensor> | undefined;
    for (const microbatch of microbatches) {
      const { aux, gradients } = engine.gradients(trained, microbatch, { recorded: true });
      engine.dispose(Object.values(aux));
      const before: ReadonlyMap<string, Tensor> | undefined = sums;
      sums = before
        ? new Map([...gradients].map(([name, more]) => [name, engine.tidy(() => engine.add(before.get(name) as Tensor, more))]))
        : gradients;
      if (before) engine.dispose([...before.values(), ...gradients.values()]);
    }
    const { clipped, norm } = engine.clipByGlobalNorm(sums ?? new Map(), Number.MAX_VALUE);
    engine.dispose([...clipped.values()]);
    return norm;
  };

  return {
    policy(minibatch, { first, learningRate, step }) {
      const { rollout } = minibatch;
      const parts = partsOf(minibatch.indices, rollout, config, limits);
      const old = parts.map(({ flat }) => flat(rollout.logProbs));
      const learnt = {
        old: joined(old),
        advantages: joined(parts.map(({ flat }) => flat(rollout.advantages))),
        weights: joined(parts.map(({ weights }) => weights)),
      };
      /** Of the real tokens, without what fills up. */
      const real = (aux: readonly Readonly<Record<string, Float32Array>>[], name: string) =>
        joined(
          old.map(({ length }, part) => ((aux[part] as Readonly<Record<string, Float32Array>>)[name] as Float32Array).subarray(0, length)),
        );
      let ratios: RatioReport | undefined;
      const update = policyUpdater.step([...parts.map((part) => policyMicrobatch(part, minibatch)), ...pretrainingMicrobatches()], {
        learningRate,
        step,
        accept(aux) {
          ratios = reportRatios(real(aux, 'logProbs'), learnt, config.clip, config.dualClip);
          if (first) checkFirstRatio(ratios.maxLogRatio, step);
          return config.targetInnerKl === null || ratios.approxKl <= 1.5 * config.targetInnerKl;
        },
      });
      const pretrained = update.aux[parts.length]?.pretraining?.[0];
      return {
        ...(ratios as RatioReport),
        gradientNorm: update.gradientNorm,
        applied: update.applied,
        ...(config.entropyCoefficient > 0 ? { distributionEntropy: mean(real(update.aux, 'entropies')) } : {}),
        ...(pretrained === undefined ? {} : { pretrainingLoss: pretrained }),
      };
    },
    value({ indices, rollout }, at) {
      const parts = partsOf(indices, rollout, config, limits);
      const microbatches = parts.map(({ flat, rows, weights }): Microbatch => {
        scores.check(rows);
        return () => ({
          loss: valueLossTensor(
            engine,
            scores.of(rows, rows.predictedFrom),
            { old: padded(engine, flat(rollout.values)), returns: padded(engine, flat(rollout.returns)), weights: padded(engine, weights) },
            config.valueClip,
          ),
        });
      });
      return valueUpdater.step(microbatches, at);
    },
    pretrainingRatio(minibatch) {
      const parts = partsOf(minibatch.indices, minibatch.rollout, config, limits);
      const own = gradientNorm(parts.map((part) => policyMicrobatch(part, minibatch)));
      return gradientNorm(pretrainingMicrobatches()) / own;
    },
    dispose() {
      pass.dispose();
      plain.dispose();
      scores.dispose();
    },
  };
}

const mean = (values: Float32Array): number => sum(values) / values.length;

function joined(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((total, part) => total + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
