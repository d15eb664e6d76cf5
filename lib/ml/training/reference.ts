import type { LanguageModel } from '#lib/ml/nn/language-model';
import { TargetLogProbs } from './target-log-probs';
import type { TokenRows } from './token-rows';

/** The policy that training is held to; it never changes. */
export interface Reference {
  /** log softmax(logits / temperature)[target] of every prediction of the rows. */
  logProbs(rows: TokenRows, temperature: number): Float32Array;
  dispose(): void;
}

/** A model of its own, which stays the caller's. */
export function referenceModel(model: LanguageModel): Reference {
  const logProbs = new TargetLogProbs(model.trunk);
  return {
    logProbs: (rows, temperature) => logProbs.read(rows, { temperature, recorded: true }),
    dispose: () => logProbs.dispose(),
  };
}

/** The model that the policy's adapter was put on: the policy with its adapter off, without a second copy of the weights. */
export function adapterOffReference(policy: LanguageModel): Reference {
  const { logProbs, dispose } = referenceModel(policy);
  return { logProbs: (rows, temperature) => policy.trunk.withAdapterOff(() => logProbs(rows, temperature)), dispose };
}
