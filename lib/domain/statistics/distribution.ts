/** Distribution functions that the intervals need; double precision, checked against R. */

/** log Gamma(x), x > 0 (Lanczos, g = 7, n = 9; about 15 digits). */
export function logGamma(x: number): number {
  const coefficients = [
    0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905,
    -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
  ];
  const shifted = x - 1;
  let sum = coefficients[0] as number;
  for (let index = 1; index < coefficients.length; index += 1) sum += (coefficients[index] as number) / (shifted + index);
  const base = shifted + 7.5;
  return 0.5 * Math.log(2 * Math.PI) + (shifted + 0.5) * Math.log(base) - base + Math.log(sum);
}

/** Regularised incomplete beta I_x(a, b) by Lentz's continued fraction (Numerical Recipes 6.4). */
function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const tiny = 1e-300;
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log(1 - x)) / a;
  let c = 1;
  let d = 1 - ((a + b) * x) / (a + 1);
  d = 1 / (Math.abs(d) < tiny ? tiny : d);
  let fraction = d;
  for (let m = 1; m < 500; m += 1) {
    const steps = [(m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m)), (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))];
    let change = 1;
    for (const step of steps) {
      d = 1 + step * d;
      d = 1 / (Math.abs(d) < tiny ? tiny : d);
      c = 1 + step / c;
      if (Math.abs(c) < tiny) c = tiny;
      change = c * d;
      fraction *= change;
    }
    if (Math.abs(change - 1) < 1e-15) break;
  }
  return front * fraction;
}

/** The x with I_x(a, b) = probability, by bisection to the last bits. */
export function betaQuantile(probability: number, a: number, b: number): number {
  let low = 0;
  let high = 1;
  for (let round = 0; round < 200; round += 1) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (incompleteBeta(middle, a, b) < probability) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** P(T <= t) of Student's t with `df` degrees of freedom. */
export function studentCdf(t: number, df: number): number {
  const tail = 0.5 * incompleteBeta(df / (df + t * t), df / 2, 0.5);
  return t >= 0 ? 1 - tail : tail;
}

/** P(F > f) with `df1` and `df2` degrees of freedom (neither need be whole). */
export function fTail(f: number, df1: number, df2: number): number {
  return f <= 0 ? 1 : incompleteBeta(df2 / (df2 + df1 * f), df2 / 2, df1 / 2);
}

/** The f with P(F <= f) = probability, by bisection to the last bits. */
export function fQuantile(probability: number, df1: number, df2: number): number {
  if (!(probability > 0 && probability < 1)) throw new RangeError(`fQuantile: probability must lie in (0, 1), got ${probability}`);
  const upper = 1 - probability;
  let low = 0;
  let high = 1;
  while (fTail(high, df1, df2) > upper) high *= 2;
  for (let round = 0; round < 200; round += 1) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (fTail(middle, df1, df2) > upper) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** P(X > x) of chi-square: the incomplete gamma function Q(df/2, x/2), by its series or its continued fraction (Numerical Recipes 6.2). */
export function chiSquareTail(x: number, df: number): number {
  if (x <= 0) return 1;
  const [a, half] = [df / 2, x / 2];
  const front = Math.exp(a * Math.log(half) - half - logGamma(a));
  if (half < a + 1) {
    let term = 1 / a;
    let sum = term;
    for (let n = 1; n < 10_000 && term > sum * 1e-17; n += 1) {
      term *= half / (a + n);
      sum += term;
    }
    return Math.max(0, 1 - front * sum);
  }
  let b = half + 1 - a;
  let c = 1e300;
  let d = 1 / b;
  let fraction = d;
  for (let n = 1; n < 10_000; n += 1) {
    const step = -n * (n - a);
    b += 2;
    d = 1 / (step * d + b);
    c = b + step / c;
    const change = d * c;
    fraction *= change;
    if (Math.abs(change - 1) < 1e-16) break;
  }
  return front * fraction;
}

/** The t with P(T <= t) = probability, by bisection to the last bits. */
export function studentQuantile(probability: number, df: number): number {
  let low = -1;
  let high = 1;
  while (studentCdf(low, df) > probability) low *= 2;
  while (studentCdf(high, df) < probability) high *= 2;
  for (let round = 0; round < 200; round += 1) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (studentCdf(middle, df) < probability) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** The z with P(Z <= z) = probability (Acklam's rational approximation, relative error below 1.2e-9, refined by one Halley step). */
export function normalQuantile(probability: number): number {
  if (!(probability > 0 && probability < 1)) throw new RangeError(`normalQuantile: probability must lie in (0, 1), got ${probability}`);
  const a = [-39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716, 2.506628277459239];
  const b = [-54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572, 1];
  const c = [-0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968, 2.938163982698783];
  const d = [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416, 1];
  const polynomial = (terms: readonly number[], at: number): number => terms.reduce((sum, term) => sum * at + term, 0);
  const edge = 0.02425;
  let z: number;
  if (probability < edge || probability > 1 - edge) {
    const tail = probability < edge ? probability : 1 - probability;
    const q = Math.sqrt(-2 * Math.log(tail));
    z = (polynomial(c, q) / polynomial(d, q)) * (probability < edge ? 1 : -1);
  } else {
    const q = probability - 0.5;
    z = (polynomial(a, q * q) * q) / polynomial(b, q * q);
  }
  // One Halley step on the distribution function.
  const error = normalCdf(z) - probability;
  const step = error * Math.sqrt(2 * Math.PI) * Math.exp((z * z) / 2);
  return z - step / (1 + (z * step) / 2);
}

/** P(Z <= z), through the incomplete gamma function Q(1/2, z^2/2): its series near zero, its continued fraction (Lentz) further out. */
export function normalCdf(z: number): number {
  const x = (z * z) / 2;
  if (x === 0) return 0.5;
  let upper: number; // Q(1/2, x) = erfc(|z| / sqrt 2)
  if (x < 1.5) {
    let term = 2;
    let sum = 2;
    for (let n = 1; n < 200; n += 1) {
      term *= x / (0.5 + n);
      sum += term;
      if (term < sum * 1e-17) break;
    }
    upper = 1 - sum * Math.exp(-x) * Math.sqrt(x / Math.PI);
  } else {
    let b = x + 0.5;
    let c = 1e300;
    let d = 1 / b;
    let fraction = d;
    for (let n = 1; n < 500; n += 1) {
      const step = -n * (n - 0.5);
      b += 2;
      d = 1 / (step * d + b);
      c = b + step / c;
      const change = d * c;
      fraction *= change;
      if (Math.abs(change - 1) < 1e-16) break;
    }
    upper = Math.exp(-x) * Math.sqrt(x / Math.PI) * fraction;
  }
  return z > 0 ? 1 - upper / 2 : upper / 2;
}
