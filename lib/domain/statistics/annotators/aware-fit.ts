import { AwareInformation } from './aware-information';
import { type ItemGroup, settleStrengths } from './aware-items';
import { populationPrior, spreadPrior, type TermKind, type TermValues, termKinds, termPriors } from './aware-model';

export interface AwareSettings {
  readonly groups: readonly ItemGroup[];
  /** Places in `termKinds` of what is learned. */
  readonly learned: readonly number[];
  readonly iterations: number;
}

/** Where a fit starts, and where it ends. */
export interface AwareState {
  readonly terms: readonly TermValues[];
  /** Mean of logit eta over annotators. */
  readonly population: number;
}

export interface AwareMode extends AwareState {
  /** Log density of the spread given the judgements, up to a constant. */
  readonly log: number;
  readonly information: AwareInformation;
  readonly rounds: number;
  readonly converged: boolean;
}

/**
 * The most likely terms if the spread of strengths were this, the strengths integrated out, by expectation maximisation (two items: quadrature; more: normal
 * approximation; then Newton steps with the information that is left when that of the strengths is taken off, Louis 1982).
 */
export function settleTerms(start: AwareState, spread: number, settings: AwareSettings): AwareMode {
  const { groups, iterations, learned } = settings;
  const m = learned.length;
  const knowsAccuracy = learned.includes(0);
  const terms = start.terms.map((own) => Float64Array.from(own));
  let { population } = start;
  let converged = false;
  let rounds = 0;
  let pace = 1;
  let before: Float64Array = new Float64Array(terms.length * m + 1);
  let information: AwareInformation;
  do {
    for (const group of groups) settleStrengths(group, terms, spread, knowsAccuracy, rounds === 0 ? 5 : 2);
    information = new AwareInformation({ groups, terms, learned, spread, population });
    const whole = information.step();
    // steps that turn back come from a curved ridge: shorter ones follow it
    pace = whole.reduce((sum, move, at) => sum + move * (before[at] as number), 0) < 0 ? pace / 2 : Math.min(1, 1.2 * pace);
    before = whole;
    const largest = whole.reduce((most, move) => Math.max(most, Math.abs(move)), 0);
    const step = whole.map((move) => move * Math.min(pace, 0.5 / largest));
    terms.forEach((own, annotator) => {
      learned.forEach((at, row) => {
        own[at] = (own[at] as number) + (step[annotator * m + row] as number);
      });
    });
    if (knowsAccuracy) population += step.at(-1) as number;
    // a hundredth of what is not known of a term; Newton's next step would be far smaller
    converged = largest < 4e-3;
    rounds += 1;
  } while (!converged && rounds < iterations);
  const log = logPosterior({ terms, population }, spread, settings) - information.logDeterminant() / 2;
  return { terms, population, information, log, rounds, converged };
}

/** Log density of terms, population and spread given the judgements, up to a constant. */
function logPosterior({ population, terms }: AwareState, spread: number, { groups, learned }: AwareSettings): number {
  let log = logNormal(Math.log(spread), spreadPrior);
  for (const group of groups) log += group.evidence;
  for (const own of terms) {
    for (const at of learned) {
      const { deviation, mean } = termPriors[termKinds[at] as TermKind];
      log += logNormal(own[at] as number, { deviation, mean: at === 0 ? population : mean });
    }
  }
  return learned.includes(0) ? log + logNormal(population, populationPrior) : log;
}

function logNormal(value: number, { deviation, mean }: { readonly mean: number; readonly deviation: number }): number {
  return -Math.log(deviation) - (value - mean) ** 2 / (2 * deviation ** 2);
}
