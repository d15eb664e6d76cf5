import type { Parameter, Tensor } from '#lib/ml/engine/engine';
import type { ScalarModel } from '#lib/ml/nn/language-model';
import type { PromptWithAnswers } from '#lib/ml/training/shared-prompt';
import { TargetScores } from '#lib/ml/training/target-scores';
import type { RewardConfig } from './reward-config';
import type { RewardExample } from './reward-data';
import { headShare } from './reward-heads';
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

/** Where the scores of one head begin, and what a prompt weighs for it. */
interface Head {
  readonly at: number;
  readonly shareOf: (example: RewardExample) => number;
}

/** Forward passes of a reward model, or of several heads on its trunk: one a response, and the loss of what was judged of them. */
export class RewardPass {
  private readonly scores: TargetScores;
  private readonly members: number;

  constructor(
    private readonly model: ScalarModel,
    private readonly config: RewardConfig,
    heads: readonly Parameter[] = [],
  ) {
    this.scores = new TargetScores(model, heads);
    this.members = heads.length + 1;
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
      cut: (values: Float32Array) => byPrompt(this.meanOfHeads(values), prompts),
    };
  }

  /** `[m count]` -> `[count]` */
  private meanOfHeads(values: Float32Array): Float32Array {
    const { members } = this;
    if (members === 1) return values;
    const count = values.length / members;
    const sum = (place: number) =>
      Array.from({ length: members }, (_, head) => values[head * count + place] as number).reduce((a, b) => a + b, 0);
    return Float32Array.from({ length: count }, (_, place) => sum(place) / members);
  }

  /** `scores` `[m count]`: mean over heads of the loss of each, whose prompts weigh what `headShare` says. */
  private loss(scores: Tensor, prompts: readonly RewardExample[], batch: readonly RewardExample[], terms: RewardTerms): Tensor {
    const { config, members } = this;
    const { engine } = this.model.trunk;
    const count = (scores.shape[0] as number) / members;
    const heads = Array.from({ length: members }, (_, head) => ({
      at: head * count,
      shareOf: ({ promptId }: RewardExample) => headShare(config.seed, head, members, promptId) / members,
    }));
    const flat = heads.flatMap((head) => this.pairs(prompts, batch, terms, head));
    const loss =
      config.loss === 'bradleyTerry'
        ? rankingLossTensor(engine, scores, flat, terms.ties())
        : choiceLossTensor(
            engine,
            scores,
            heads.flatMap((head) => this.choices(prompts, batch, head)),
          );
    if (config.centering === 0) return loss;
    if (config.centeringOn === 'pairs') return engine.add(loss, engine.mul(pairCenteringTensor(engine, scores, flat), config.centering));
    const answers = countAnswers(prompts);
    const weights = new Float32Array(members * count);
    for (const { at } of heads) weights.fill(1 / (members * countAnswers(batch)), at, at + answers);
    return engine.add(loss, engine.mul(centeringTensor(engine, scores, weights), config.centering));
  }

  private pairs(prompts: readonly RewardExample[], batch: readonly RewardExample[], terms: RewardTerms, head: Head) {
    const weighed = batch.map(({ answers, pairs }) => ({ responses: answers.length, pairs }));
    return flattenPairs(
      prompts.map((example) => ({ responses: example.answers.length, pairs: example.pairs, example })),
      {
        at: head.at,
        shareOf: (prompt) => judgementShare(prompt, weighed, this.config.weighting) * head.shareOf(prompt.example),
        termsOf: ({ example }, pair) => terms.of(pair, lengthDifference(example, pair)),
        smoothing: this.config.labelSmoothing,
      },
    );
  }

  /** Each prompt weighs the same, each order within it by its weight; or each order does. */
  private choices(prompts: readonly RewardExample[], batch: readonly RewardExample[], head: Head) {
    const choicesOf = this.config.loss === 'bestOfK' ? bestOfKChoices : plackettLuceChoices;
    const weightOf = ({ orders }: RewardExample) => orders.reduce((sum, { weight }) => sum + weight, 0);
    const all = batch.reduce((sum, example) => sum + weightOf(example), 0);
    let at = head.at;
    return prompts.flatMap((example) => {
      const share = (this.config.weighting === 'prompt' ? 1 / (weightOf(example) * batch.length) : 1 / all) * head.shareOf(example);
      const start = at;
      at += example.answers.length;
      return example.orders.flatMap(({ ranks, weight }) => choicesOf(ranks, start, weight * share));
    });
  }

  /** Scores of all answers by head; no gradient. */
  scoreByHead(prompts: readonly PromptWithAnswers[]): number[][] {
    const heads = Array.from({ length: this.members }, (): number[] => []);
    for (const part of this.parts(prompts)) {
      const { positions, rows } = answerRows(part, this.model.config);
      const values = this.scores.read(rows, positions);
      heads.forEach((scores, head) => {
        for (const value of values.subarray(head * positions.length, (head + 1) * positions.length)) scores.push(value);
      });
    }
    return heads;
  }

  /** Scores of all answers, by prompt; the mean over heads. No gradient. */
  scoreAll(prompts: readonly PromptWithAnswers[]): number[][] {
    return byPrompt(this.meanOfHeads(Float32Array.from(this.scoreByHead(prompts).flat())), prompts);
  }

  /** Prompts together of at most `scoreBatchSize` answers. */
  private parts(prompts: readonly PromptWithAnswers[]): PromptWithAnswers[][] {
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
    return parts;
  }

  dispose(): void {
    this.scores.dispose();
  }
}
