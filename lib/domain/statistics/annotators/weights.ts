/** What is known of an annotator: how often two answers come out right, and how many judgements there are. */
export interface AnnotatorAccuracy {
  readonly annotator: string;
  readonly accuracy: number;
  readonly judgements: number;
}

/**
 * Weights of annotators in the loss of a reward model. Of a label that is right with probability p, the part that carries the preference is 2p - 1 and the
 * noise is much the same for everybody: labels weighted by 2p - 1 make the best sum (for small differences the optimal estimating equation). Who does no
 * better than chance weighs nothing. Scaled so that the mean over judgements is 1.
 */
export function lossWeights(annotators: readonly AnnotatorAccuracy[]): Record<string, number> {
  const raw = annotators.map(({ accuracy }) => Math.max(0, 2 * accuracy - 1));
  const judgements = annotators.reduce((sum, each) => sum + each.judgements, 0);
  const total = annotators.reduce((sum, { judgements: own }, at) => sum + own * (raw[at] as number), 0);
  // nobody better than chance: there is nothing to prefer
  if (total === 0) return Object.fromEntries(annotators.map(({ annotator }) => [annotator, 1]));
  return Object.fromEntries(annotators.map(({ annotator }, at) => [annotator, ((raw[at] as number) * judgements) / total]));
}
