import { chunk, type TokenRow } from '#lib/ml/batches';
import type { Tensor } from '#lib/ml/engine/engine';
import type { ScalarModel } from '#lib/ml/nn/language-model';
import type { PromptWithAnswers } from '#lib/ml/training/shared-prompt';
import { TargetScores } from '#lib/ml/training/target-scores';
import type { RewardConfig } from './reward-config';
import type { RewardExample } from './reward-data';
import {
  bestOfKChoices,
  centeringTensor,
  choiceLossTensor,
  flattenPairs,
  judgementShare,
  pairCenteringTensor,
  plackettLuceChoices,
  rankingLossTensor,
} from './reward-losses';
import type { JudgedPair } from './reward-pairs';
import { answerRows } from './reward-rows';
import type { RewardTerms } from './reward-terms';

/** Tokens of the first answer of a pair less those of the second. */
export function lengthDifference({ answers }: RewardExample, { first, second }: JudgedPair): number {
  return (answers[first]?.length ?? 0) - (answers[second]?.length ?? 0);
}

function countAnswers(prompts: readonly PromptWithAnswers[]): number {
  return prompts.reduce((sum, { answers }) => sum + answers.length, 0);
}

/** Cuts one number an answer back into prompts. */
function byPrompt(values: ArrayLike<number>, prompts: readonly PromptWithAnswers[]): number[][] {
  let at = 0;
  return prompts.map(({ answers }) => answers.map(() => values[at++] as number));
}

/** Forward passes of a reward model: one a response, and the loss of what was judged of them. */
export class RewardPass {
  private readonly scores: TargetScores;

  constructor(
    private readonly model: ScalarModel,
    private readonly config: RewardConfig,
  ) {
    this.scores = new TargetScores(model);
  }

  /** The part `prompts` of `batch` for an updater; `cut` makes scores by prompt of what the pass left. Weights are those of the whole batch: parts add up to it. */
  microbatch(prompts: readonly RewardExample[], batch: readonly RewardExample[], terms: RewardTerms) {
    const { engine } = this.model.trunk;
    const { positions, rows } = answerRows(prompts, this.model.config);
    this.scores.check(rows);
    return {
      run: () => {
        const scores = this.scores.of(rows, positions);
        return { loss: this.loss(scores, prompts, batch, terms), aux: { scores: engine.stopGradient(scores) } };
      },
      cut: (values: Float32Array) => byPrompt(values, prompts),
    };
  }

  private loss(scores: Tensor, prompts: readonly RewardExample[], batch: readonly RewardExample[], terms: RewardTerms): Tensor {
    const { config } = this;
    const { engine } = this.model.trunk;
    const weighed = batch.map(({ answers, pairs }) => ({ responses: answers.length, pairs }));
    const flat = flattenPairs(
      prompts.map((example) => ({ responses: example.answers.length, pairs: example.pairs, example })),
      {
        shareOf: (prompt) => judgementShare(prompt, weighed, config.weighting),
        termsOf: ({ example }, pair) => terms.of(pair, lengthDifference(example, pair)),
        smoothing: config.labelSmoothing,
      },
    );
    const loss =
      config.loss === 'bradleyTerry'
        ? rankingLossTensor(engine, scores, flat, terms.ties())
        : choiceLossTensor(engine, scores, this.choices(prompts, batch));
    if (config.centering === 0) return loss;
    const centered =
      config.centeringOn === 'pairs'
        ? pairCenteringTensor(engine, scores, flat)
        : centeringTensor(engine, scores, new Float32Array(countAnswers(prompts)).fill(1 / countAnswers(batch)));
    return engine.add(loss, engine.mul(centered, config.centering));
  }

  /** Each prompt weighs the same, each order within it by its weight; or each order does. */
  private choices(prompts: readonly RewardExample[], batch: readonly RewardExample[]) {
    const choicesOf = this.config.loss === 'bestOfK' ? bestOfKChoices : plackettLuceChoices;
    const weightOf = ({ orders }: RewardExample) => orders.reduce((sum, { weight }) => sum + weight, 0);
    const all = batch.reduce((sum, example) => sum + weightOf(example), 0);
    let at = 0;
    return prompts.flatMap((example) => {
      const share = this.config.weighting === 'prompt' ? 1 / (weightOf(example) * batch.length) : 1 / all;
      const start = at;
      at += example.answers.length;
      return example.orders.flatMap(({ ranks, weight }) => choicesOf(ranks, start, weight * share));
    });
  }

  /** Scores of all answers, by prompt; no gradient. */
  scoreAll(prompts: readonly PromptWithAnswers[]): number[][] {
    const parts: PromptWithAnswers[][] = [];
    let answers = Number.POSITIVE_INFINITY;
    for (const prompt of prompts) {
      answers += prompt.answers.length;
      if (answers > this.config.scoreBatchSize) {
        parts.push([]);
        answers = prompt.answers.length;
      }
      parts.at(-1)?.push(prompt);
    }
    return parts.flatMap((part) => {
      const { positions, rows } = answerRows(part, this.model.config);
      return byPrompt(this.scores.read(rows, positions), part);
    });
  }

  score(answers: readonly TokenRow[]): number[] {
    return chunk(answers, this.config.scoreBatchSize).flatMap((part) =>
      this.scoreAll(part.map(({ prompt, response }) => ({ prompt, answers: [response] }))).flat(),
    );
  }

  dispose(): void {
    this.scores.dispose();
  }
}
