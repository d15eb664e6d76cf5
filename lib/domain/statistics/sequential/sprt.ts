/** What a sequential test of gold checks tells apart, and how often it may err. */
interface SprtPlan {
  /** Share right of an annotator who should pass. */
  readonly good?: number;
  /** Share right of one who should fail. */
  readonly bad?: number;
  /** Probability to fail a good annotator. */
  readonly failGood?: number;
  /** Probability to pass a bad one. */
  readonly passBad?: number;
}

interface SprtState {
  readonly decision: 'pass' | 'fail' | 'continue';
  /** log of likelihood under `good` over likelihood under `bad`. */
  readonly logRatio: number;
  /** At or below it: fail. */
  readonly lower: number;
  /** At or above it: pass. */
  readonly upper: number;
  /** More right answers in a row that would pass from here; 0 when decided. */
  readonly rightToPass: number;
  /** More wrong answers in a row that would fail from here; 0 when decided. */
  readonly wrongToFail: number;
  readonly n: number;
}

interface Bounds {
  readonly lower: number;
  readonly upper: number;
  readonly right: number;
  readonly wrong: number;
}

function boundsOf({ bad = 0.65, failGood = 0.05, good = 0.85, passBad = 0.05 }: SprtPlan): Bounds {
  if (!(bad > 0 && bad < good && good < 1)) throw new RangeError(`a sequential test needs 0 < bad < good < 1, got ${bad} and ${good}`);
  if (!(failGood > 0 && passBad > 0 && failGood + passBad < 1)) throw new RangeError('error rates have to be above 0 and together below 1');
  return {
    upper: Math.log((1 - failGood) / passBad),
    lower: Math.log(failGood / (1 - passBad)),
    right: Math.log(good / bad),
    wrong: Math.log((1 - good) / (1 - bad)),
  };
}

/** Wald's sequential probability ratio test (1945) on the gold checks so far. It may be looked at after every check; the first decision stands. */
export function sprt(checks: { readonly right: number; readonly wrong: number }, plan: SprtPlan = {}): SprtState {
  const bounds = boundsOf(plan);
  const logRatio = checks.right * bounds.right + checks.wrong * bounds.wrong;
  const { lower, upper } = bounds;
  const slack = 1e-9;
  const decision = logRatio >= upper - slack ? 'pass' : logRatio <= lower + slack ? 'fail' : 'continue';
  const open = decision === 'continue';
  return {
    decision,
    logRatio,
    lower,
    upper,
    rightToPass: open ? Math.ceil((upper - logRatio - slack) / bounds.right) : 0,
    wrongToFail: open ? Math.ceil((lower - logRatio + slack) / bounds.wrong) : 0,
    n: checks.right + checks.wrong,
  };
}

/** The first decision in a row of checks, or where it stands after all of them. */
export function sprtInOrder(checks: readonly boolean[], plan: SprtPlan = {}): SprtState {
  const counts = { right: 0, wrong: 0 };
  let state = sprt(counts, plan);
  for (const right of checks) {
    if (state.decision !== 'continue') return state;
    counts[right ? 'right' : 'wrong'] += 1;
    state = sprt(counts, plan);
  }
  return state;
}

interface SprtCourse {
  readonly pass: number;
  readonly fail: number;
  /** Probability that nothing is decided within the most checks. */
  readonly open: number;
  /** Mean number of checks, `most` where nothing was decided. */
  readonly checks: number;
}

/** What happens to an annotator who is right with this probability, exactly, by summing over all courses of at most `most` checks. */
export function sprtCourse(share: number, plan: SprtPlan = {}, most = 1000): SprtCourse {
  const bounds = boundsOf(plan);
  // probability of having `wrong` wrong answers and no decision after n checks
  let alive = new Float64Array(most + 2);
  alive[0] = 1;
  let pass = 0;
  let fail = 0;
  let checks = 0;
  for (let n = 1; n <= most; n += 1) {
    const next = new Float64Array(most + 2);
    for (let wrong = 0; wrong < n; wrong += 1) {
      const mass = alive[wrong] as number;
      if (mass === 0) continue;
      checks += mass;
      for (const [added, probability] of [
        [0, share],
        [1, 1 - share],
      ] as const) {
        const all = wrong + added;
        const logRatio = (n - all) * bounds.right + all * bounds.wrong;
        if (logRatio >= bounds.upper - 1e-9) pass += mass * probability;
        else if (logRatio <= bounds.lower + 1e-9) fail += mass * probability;
        else next[all] = (next[all] as number) + mass * probability;
      }
    }
    alive = next;
  }
  return { pass, fail, open: Math.max(0, 1 - pass - fail), checks };
}

/** Wald's approximation of the mean number of checks at a share right; it takes the excess over the bounds as nothing. */
export function sprtExpectedChecks(share: number, plan: SprtPlan = {}): number {
  const { lower, right, upper, wrong } = boundsOf(plan);
  const drift = share * right + (1 - share) * wrong;
  if (Math.abs(drift) < 1e-9) return (-lower * upper) / (share * right ** 2 + (1 - share) * wrong ** 2);
  const pass = passProbability(share, { lower, upper, right, wrong });
  return (pass * upper + (1 - pass) * lower) / drift;
}

/** Wald: with h such that E e^(h step) = 1, P(pass) = (1 - e^(h lower)) / (e^(h upper) - e^(h lower)). */
function passProbability(share: number, { lower, right, upper, wrong }: Bounds): number {
  const surplus = (h: number) => share * Math.exp(h * right) + (1 - share) * Math.exp(h * wrong) - 1;
  const drift = share * right + (1 - share) * wrong;
  // the root other than 0 lies on the side against the drift
  let [near, far] = drift > 0 ? [-1e-9, -1] : [1e-9, 1];
  while (surplus(far) < 0) far *= 2;
  for (let round = 0; round < 200; round += 1) {
    const middle = (near + far) / 2;
    if (surplus(middle) < 0) near = middle;
    else far = middle;
  }
  return (1 - Math.exp(far * lower)) / (Math.exp(far * upper) - Math.exp(far * lower));
}
