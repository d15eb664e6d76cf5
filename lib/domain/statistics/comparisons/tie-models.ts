/** log P of one outcome at difference `a` with the derivatives by `a` and by the parameter `t` of ties. */
interface OutcomeLog {
  readonly log: number;
  readonly a: number;
  readonly t: number;
  readonly aa: number;
  readonly at: number;
  readonly tt: number;
}

export interface TieModel {
  readonly name: 'half' | 'davidson' | 'raoKupper';
  /** First guess of the parameter; null where there is none. */
  readonly start: number | null;
  /** The published parameter from the one that is fitted. */
  shown(t: number): number;
  outcomes(a: number, t: number): { readonly first: OutcomeLog; readonly second: OutcomeLog; readonly tie: OutcomeLog };
}

const logSigmoid = (x: number): number => (x > 0 ? -Math.log1p(Math.exp(-x)) : x - Math.log1p(Math.exp(x)));
const sigmoid = (x: number): number => Math.exp(logSigmoid(x));

/** Bradley and Terry (1952): P(first) = sigmoid(a); a tie is half a win and half a loss, which is no probability of a tie. */
export const halfWins: TieModel = {
  name: 'half',
  start: null,
  shown: (t) => t,
  outcomes: (a) => {
    const p = sigmoid(a);
    const curve = -p * (1 - p);
    const first = { log: logSigmoid(a), a: 1 - p, t: 0, aa: curve, at: 0, tt: 0 };
    const second = { log: logSigmoid(-a), a: -p, t: 0, aa: curve, at: 0, tt: 0 };
    return { first, second, tie: { ...first, log: (first.log + second.log) / 2, a: 0.5 - p } };
  },
};

/** Davidson (1970): with Z = e^(a/2) + e^(-a/2) + nu, P(first) = e^(a/2) / Z and P(tie) = nu / Z; t = log nu. */
export const davidson: TieModel = {
  name: 'davidson',
  start: 0,
  shown: Math.exp,
  outcomes: (a, t) => {
    const peak = Math.max(Math.abs(a) / 2, t);
    const logZ = peak + Math.log(Math.exp(a / 2 - peak) + Math.exp(-a / 2 - peak) + Math.exp(t - peak));
    const [first, second, tie] = [Math.exp(a / 2 - logZ), Math.exp(-a / 2 - logZ), Math.exp(t - logZ)];
    const centre = (first - second) / 2;
    const curves = { aa: centre * centre - (first + second) / 4, at: centre * tie, tt: -tie * (1 - tie) };
    return {
      first: { log: a / 2 - logZ, a: 0.5 - centre, t: -tie, ...curves },
      second: { log: -a / 2 - logZ, a: -0.5 - centre, t: -tie, ...curves },
      tie: { log: t - logZ, a: -centre, t: 1 - tie, ...curves },
    };
  },
};

/** Rao and Kupper (1967): P(first) = sigmoid(a - log theta), P(second) = sigmoid(-a - log theta), a tie is the rest; t = log theta > 0. */
export const raoKupper: TieModel = {
  name: 'raoKupper',
  start: 0.4,
  shown: Math.exp,
  outcomes: (a, t) => {
    const [lostFirst, lostSecond] = [sigmoid(t - a), sigmoid(t + a)];
    const [curveFirst, curveSecond] = [lostFirst * (1 - lostFirst), lostSecond * (1 - lostSecond)];
    const first = { log: logSigmoid(a - t), a: lostFirst, t: -lostFirst, aa: -curveFirst, at: curveFirst, tt: -curveFirst };
    const second = { log: logSigmoid(-a - t), a: -lostSecond, t: -lostSecond, aa: -curveSecond, at: -curveSecond, tt: -curveSecond };
    const rest = Math.exp(-2 * t);
    return {
      first,
      second,
      tie: {
        // theta^2 - 1, the rest of the probability being (theta^2 - 1) P(first) P(second)
        log: t > 0 ? 2 * t + Math.log1p(-rest) + first.log + second.log : Number.NEGATIVE_INFINITY,
        a: first.a + second.a,
        t: first.t + second.t + 2 / (1 - rest),
        aa: first.aa + second.aa,
        at: first.at + second.at,
        tt: first.tt + second.tt - (4 * rest) / (1 - rest) ** 2,
      },
    };
  },
};
