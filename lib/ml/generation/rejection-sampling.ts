import { AppError } from '#lib/errors';
import type { SftExample } from '#lib/ml/training/examples';
import { bestOfN } from './best-of-n';

/** An answer that was good enough to be imitated. */
interface AcceptedExample extends SftExample {
  readonly promptKey: string | number;
  readonly score: number;
}

/**
 * Rejection sampling for SFT: of `samplesPerPrompt` answers to a prompt the best `keep` whose score is at least `minimumScore` become examples, equal answers
 * once (Touvron et al. 2307.09288 section 3.2.3; Dong et al. 2304.06767, RAFT). The answer is learnt, the prompt only read; an answer that was cut off at
 * the length limit is left out unless `unfinished`, else the model would learn not to end.
 *
 * The policy that learns from them is nearer to best-of-n than what it was, at the cost of one answer: see bestOfNKlBound for how far that is. Throws as
 * `bestOfN` does, and BAD_INPUT unless 1 <= keep <= samplesPerPrompt.
 */
export async function* rejectionSample(
  options: Parameters<typeof bestOfN>[0] & { readonly keep?: number; readonly minimumScore?: number; readonly unfinished?: boolean },
): AsyncGenerator<AcceptedExample, void, void> {
  const { keep = 1, minimumScore = Number.NEGATIVE_INFINITY, promptKeys, prompts, samplesPerPrompt, unfinished = false } = options;
  if (!Number.isInteger(keep) || keep < 1 || keep > samplesPerPrompt) {
    throw new AppError('BAD_INPUT', `Of ${samplesPerPrompt} answers a prompt, ${keep} cannot be kept.`, {
      details: { keep, samplesPerPrompt },
    });
  }
  for await (const { promptIndex, ranked } of bestOfN(options)) {
    const prompt = prompts[promptIndex] as readonly number[];
    const promptKey = promptKeys[promptIndex] as string | number;
    const seen = new Set<string>();
    const good = ranked.filter(({ answer, score }) => {
      const text = answer.tokenIds.join(' ');
      if (seen.has(text) || score < minimumScore || answer.tokenIds.length === 0) return false;
      if (answer.finishReason === 'length' && !unfinished) return false;
      seen.add(text);
      return true;
    });
    for (const [rank, { answer, score }] of good.slice(0, keep).entries()) {
      yield {
        exampleId: `${promptKey}/${rank}`,
        split: 'TRAIN',
        task: 'rejection-sampling',
        text: { prefix: { tokens: prompt, weights: prompt.map(() => 0) }, branches: [{ tokens: answer.tokenIds }] },
        promptKey,
        score,
      };
    }
  }
}
