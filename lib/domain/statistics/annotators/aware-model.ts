/**
 * The likelihood of one judgement of two items by one annotator and how it changes with what is learned of the annotator:
 * P(first) = eta sigmoid(z) + (1 - eta) sigmoid(-z), z = tau (theta_first - theta_second) + gamma order + lambda length difference.
 * (CrowdBT's mixture, Chen et al. 2013, with temperature, position and length.)
 */
export const termKinds = ['accuracy', 'temperature', 'position', 'length'] as const;
export type TermKind = (typeof termKinds)[number];

/**
 * Normal priors on the free scale, log tau, gamma and lambda: temperature 1, between .4 and 2.7; a place is worth nothing, at most 2 on the scale of log
 * strengths. Some twenty judgements outweigh them. logit eta lies 1 around the population's mean.
 */
export const termPriors: Readonly<Record<TermKind, { readonly mean: number; readonly deviation: number }>> = {
  accuracy: { mean: Math.log(4), deviation: 1 },
  temperature: { mean: 0, deviation: 0.5 },
  position: { mean: 0, deviation: 1 },
  length: { mean: 0, deviation: 1 },
};

/**
 * logit eta is drawn around a mean that is learned with it, N(log 4, 1): accuracy .8, between .36 and .97. How good people are on the whole decides how wide
 * strengths must be spread, so it must not be a fixed guess. The deviation around it is that of `termPriors`.
 */
export const populationPrior = { mean: Math.log(4), deviation: 1 } as const;

/**
 * Of the log of the spread of log strengths: 2, between .3 and 14. Where nobody errs, people agree on 73 % of pairs of answers at a spread of 1.7, which is
 * what InstructGPT's labellers did (Ouyang et al. 2022); people who do err agree as often at a wider one.
 */
export const spreadPrior = { mean: Math.LN2, deviation: 1 } as const;

export interface Judgement {
  readonly first: number;
  readonly second: number;
  readonly annotator: number;
  readonly wins: number;
  readonly losses: number;
  readonly order: number;
  readonly lengths: number;
}

/** Free values of one annotator's terms, in the order of `termKinds`. */
export type TermValues = Float64Array;

export const sigmoid = (x: number): number => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));

/** Score and Fisher information of one judgement at a difference of strengths. */
interface Slopes {
  /** d log P / d(theta_first - theta_second, logit eta, log tau, gamma, lambda). */
  readonly score: Float64Array;
  /** dP(first) by the same, and the factor that makes the outer product the information: judgements / (P (1 - P)). */
  readonly slope: Float64Array;
  information: number;
  logLikelihood: number;
}

export function makeSlopes(): Slopes {
  return { score: new Float64Array(5), slope: new Float64Array(5), information: 0, logLikelihood: 0 };
}

/** `knowsAccuracy`: eta is learned; else it is 1. */
export function judgementSlopes(judgement: Judgement, terms: TermValues, difference: number, knowsAccuracy: boolean, into: Slopes): void {
  const eta = knowsAccuracy ? sigmoid(terms[0] as number) : 1;
  const tau = Math.exp(terms[1] as number);
  const z = tau * difference + (terms[2] as number) * judgement.order + (terms[3] as number) * judgement.lengths;
  const s = sigmoid(z);
  const p = Math.min(Math.max(1 - eta + (2 * eta - 1) * s, 1e-12), 1 - 1e-12);
  const byZ = (2 * eta - 1) * s * (1 - s);
  const { score, slope } = into;
  slope[0] = byZ * tau;
  slope[1] = (2 * s - 1) * eta * (1 - eta);
  slope[2] = byZ * tau * difference;
  slope[3] = byZ * judgement.order;
  slope[4] = byZ * judgement.lengths;
  const pull = judgement.wins / p - judgement.losses / (1 - p);
  for (let at = 0; at < 5; at += 1) score[at] = pull * (slope[at] as number);
  into.information = (judgement.wins + judgement.losses) / (p * (1 - p));
  into.logLikelihood = judgement.wins * Math.log(p) + judgement.losses * Math.log(1 - p);
}

/** Nodes and weights for E f(Z), Z ~ N(0, 1) (Gauss-Hermite, 9 points, exact for polynomials up to degree 17). */
export const hermite: readonly (readonly [number, number])[] = [
  [-4.512745863399783, 2.23458440077466e-5],
  [-3.20542900285647, 0.00278914132123177],
  [-2.07684797867783, 0.0499164067652179],
  [-1.02325566378913, 0.244097502894939],
  [0, 0.406349206349206],
  [1.02325566378913, 0.244097502894939],
  [2.07684797867783, 0.0499164067652179],
  [3.20542900285647, 0.00278914132123177],
  [4.512745863399783, 2.23458440077466e-5],
];
