import { AppError } from '#lib/errors';
import type { Engine } from '#lib/ml/engine/engine';
import { createEnsembleScorer, type EnsembleRule, type RewardMember } from '#lib/ml/evaluation/reward-scorer';
import type { Tokenizer } from '#lib/ml/tokenizers/tokenizer';
import type { Episode, RewardScorer } from '#lib/ml/training/examples';
import type { HttpSpec, RewardPart, RewardSpec } from './reward-spec';
import { ruleReward } from './rule-rewards';

interface RewardSources {
  readonly engine: Engine;
  /** The policy's: what rules read. */
  readonly tokenizer: Tokenizer;
  /** What the data expects of an answer, by promptId. */
  readonly expected?: ReadonlyMap<string, string>;
  /** The models of a folder: one, or the members of an ensemble. */
  readonly loadModels: (folder: string) => Promise<readonly RewardMember[]>;
  /** A scorer that asks a server. */
  readonly http: (spec: HttpSpec) => RewardScorer;
}

function ensembleRule({ how, lambda }: { readonly how: 'mean' | 'worst' | 'mean-minus-variance'; readonly lambda: number }): EnsembleRule {
  return how === 'mean-minus-variance' ? { kind: 'meanMinusVariance', lambda } : { kind: how };
}

async function createPart(part: RewardPart, sources: RewardSources): Promise<RewardScorer> {
  const { engine, expected, tokenizer } = sources;
  if ('rule' in part) {
    return (answers) => ({
      total: answers.map((episode) =>
        ruleReward(part, { episode, text: tokenizer.decode(episode.response), expected: expected?.get(episode.promptId) }),
      ),
    });
  }
  if ('http' in part) return sources.http(part);
  const folders = 'model' in part ? [part.model] : part.ensemble;
  const members: RewardMember[] = [];
  for (const folder of folders) members.push(...(await sources.loadModels(folder)));
  return createEnsembleScorer({ engine, members, rule: ensembleRule(part) });
}

/** A name for metrics: `length`, `model`, `http`; numbered where several parts have the same. */
function partNames(parts: readonly RewardPart[]): string[] {
  const plain = parts.map((part) => ('rule' in part ? part.rule : 'model' in part ? 'model' : 'ensemble' in part ? 'ensemble' : 'http'));
  return plain.map((name, index) => {
    if (plain.indexOf(name) === plain.lastIndexOf(name)) return name;
    return `${name}${plain.slice(0, index + 1).filter((other) => other === name).length}`;
  });
}

/** Throws INVARIANT naming the source: a score that is missing or not a number is never taken for another. */
function checkScores(total: readonly number[], answers: readonly Episode[], name: string): void {
  if (total.length !== answers.length) {
    throw new AppError('INVARIANT', `The reward "${name}" gave ${total.length} scores for ${answers.length} answers.`, {
      details: { check: 'one-score-an-answer', reward: name },
    });
  }
  const wrong = total.findIndex((score) => !Number.isFinite(score));
  if (wrong < 0) return;
  throw new AppError('INVARIANT', `The reward "${name}" of an answer to prompt ${answers[wrong]?.promptId} is ${total[wrong]}.`, {
    details: { check: 'finite-reward', reward: name, promptId: answers[wrong]?.promptId ?? '' },
    remedy: 'Look at this answer and at what scores it; the run resumes from its last checkpoint.',
  });
}

/**
 * A scorer from its description: sum over parts of weight * score. What each part gave before its weight, and what it knows besides (`spread` of an
 * ensemble), are kept apart for the metrics. The scorer throws INVARIANT where a score is missing or not finite.
 */
export async function createReward(spec: RewardSpec, sources: RewardSources): Promise<RewardScorer> {
  const parts = Array.isArray(spec) ? spec : [spec];
  const names = partNames(parts);
  const scorers: RewardScorer[] = [];
  for (const part of parts) scorers.push(await createPart(part, sources));
  return async (answers, signal) => {
    const total = new Array<number>(answers.length).fill(0);
    const kept: Record<string, readonly number[]> = {};
    for (const [index, score] of scorers.entries()) {
      const name = names[index] as string;
      const found = await score(answers, signal);
      checkScores(found.total, answers, name);
      found.total.forEach((value, answer) => {
        total[answer] = (total[answer] as number) + (parts[index]?.weight ?? 1) * value;
      });
      if (parts.length > 1) kept[name] = found.total;
      for (const [other, values] of Object.entries(found.parts ?? {})) kept[parts.length > 1 ? `${name}/${other}` : other] = values;
    }
    return Object.keys(kept).length === 0 ? { total } : { total, parts: kept };
  };
}
