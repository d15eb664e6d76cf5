import { type Estimate, undefinedEstimate } from '../estimate';
import { wilsonInterval } from '../proportion';

/** One annotator's label of one item. An annotator may label an item more than once. */
export interface CategoryLabel {
  readonly item: string;
  readonly annotator: string;
  readonly label: string;
}

interface DawidSkeneOptions {
  /** Added to each expected count of an annotator: 0 is maximum likelihood; 0.1 or so where annotators labelled few items. */
  readonly smoothing?: number;
  readonly iterations?: number;
  readonly level?: number;
}

type DawidSkene =
  | {
      readonly defined: true;
      readonly classes: readonly string[];
      /** Share of each class. */
      readonly prior: readonly number[];
      readonly items: readonly { readonly item: string; readonly label: string; readonly probabilities: readonly number[] }[];
      readonly annotators: readonly AnnotatorConfusion[];
      readonly logLikelihood: number;
      readonly iterations: number;
      readonly converged: boolean;
      readonly n: number;
    }
  | { readonly defined: false; readonly reason: string; readonly n: number };

interface AnnotatorConfusion {
  readonly annotator: string;
  /** [true class][given label]; null for a class that the annotator never met. */
  readonly confusion: readonly (readonly number[] | null)[];
  /**
   * Probability to give the true class of the items labelled. The interval widens with how unsure the true classes are; it takes the other
   * annotators' confusion matrices as known.
   */
  readonly accuracy: Estimate;
  readonly labels: number;
}

interface Indexed {
  readonly items: readonly string[];
  readonly annotators: readonly string[];
  readonly classes: readonly string[];
  /** By label given: numbers of its item, its annotator and its class. */
  readonly rows: { readonly item: Int32Array; readonly annotator: Int32Array; readonly label: Int32Array };
}

/** True classes and error rates of annotators by maximum likelihood (Dawid and Skene 1979, expectation maximisation from the vote shares). */
export function dawidSkene(labels: readonly CategoryLabel[], options: DawidSkeneOptions = {}): DawidSkene {
  const { iterations = 1000, level = 0.95, smoothing = 0 } = options;
  const n = labels.length;
  const data = indexed(labels);
  const k = data.classes.length;
  if (n === 0) return { defined: false, reason: 'nothing was labelled', n };
  if (k < 2) return { defined: false, reason: 'only one label was ever given', n };
  if (data.annotators.length < 2) return { defined: false, reason: 'only one annotator labelled: there is nobody to compare with', n };
  if (n === data.items.length) return { defined: false, reason: 'no item has two labels', n };
  let beliefs = voteShares(data);
  let before = Number.NEGATIVE_INFINITY;
  let round = 0;
  let rates = maximise(data, beliefs, smoothing);
  for (; round < iterations; round += 1) {
    rates = maximise(data, beliefs, smoothing);
    const { logLikelihood, posterior } = expect(data, rates);
    beliefs = posterior;
    const gained = Math.abs(logLikelihood - before);
    before = logLikelihood;
    // of a sum of many logs no more digits can be had
    if (gained < 1e-12 * Math.abs(logLikelihood)) break;
  }
  return {
    defined: true,
    classes: data.classes,
    prior: [...rates.prior],
    items: data.items.map((item, at) => {
      const probabilities = [...beliefs.subarray(at * k, at * k + k)];
      return { item, label: data.classes[probabilities.indexOf(Math.max(...probabilities))] as string, probabilities };
    }),
    annotators: summaries(data, beliefs, rates, level),
    logLikelihood: before,
    iterations: round + 1,
    converged: round < iterations,
    n,
  };
}

function indexed(labels: readonly CategoryLabel[]): Indexed {
  const classes = [...new Set(labels.map(({ label }) => label))].sort();
  const numbered = (names: readonly string[]) => new Map(names.map((name, at) => [name, at]));
  const items = [...new Set(labels.map(({ item }) => item))];
  const annotators = [...new Set(labels.map(({ annotator }) => annotator))];
  const [ofItem, ofAnnotator, ofClass] = [numbered(items), numbered(annotators), numbered(classes)];
  const rows = {
    item: Int32Array.from(labels, ({ item }) => ofItem.get(item) as number),
    annotator: Int32Array.from(labels, ({ annotator }) => ofAnnotator.get(annotator) as number),
    label: Int32Array.from(labels, ({ label }) => ofClass.get(label) as number),
  };
  return { items, annotators, classes, rows };
}

function voteShares({ classes, items, rows }: Indexed): Float64Array {
  const k = classes.length;
  const shares = new Float64Array(items.length * k);
  const votes = new Float64Array(items.length);
  for (let at = 0; at < rows.item.length; at += 1) {
    const [item, label] = [rows.item[at] as number, rows.label[at] as number];
    shares[item * k + label] = (shares[item * k + label] as number) + 1;
    votes[item] = (votes[item] as number) + 1;
  }
  return shares.map((count, at) => count / (votes[Math.floor(at / k)] as number));
}

interface Rates {
  readonly prior: Float64Array;
  /** [annotator][true class][label] */
  readonly confusion: Float64Array;
  /** [annotator][true class]: expected items of the class. */
  readonly met: Float64Array;
}

function maximise({ annotators, classes, items, rows }: Indexed, beliefs: Float64Array, smoothing: number): Rates {
  const k = classes.length;
  const prior = new Float64Array(k);
  for (let at = 0; at < beliefs.length; at += 1) prior[at % k] = (prior[at % k] as number) + (beliefs[at] as number) / items.length;
  const confusion = new Float64Array(annotators.length * k * k).fill(smoothing);
  const met = new Float64Array(annotators.length * k);
  for (let at = 0; at < rows.item.length; at += 1) {
    const item = rows.item[at] as number;
    const label = rows.label[at] as number;
    const annotator = rows.annotator[at] as number;
    for (let truth = 0; truth < k; truth += 1) {
      const belief = beliefs[item * k + truth] as number;
      const cell = (annotator * k + truth) * k + label;
      confusion[cell] = (confusion[cell] as number) + belief;
      met[annotator * k + truth] = (met[annotator * k + truth] as number) + belief;
    }
  }
  for (let row = 0; row < annotators.length * k; row += 1) {
    const sum = (met[row] as number) + k * smoothing;
    for (let label = 0; label < k; label += 1) confusion[row * k + label] = sum > 0 ? (confusion[row * k + label] as number) / sum : 0;
  }
  return { prior, confusion, met };
}

function expect({ classes, items, rows }: Indexed, { confusion, prior }: Rates): { posterior: Float64Array; logLikelihood: number } {
  const k = classes.length;
  const logs = Float64Array.from({ length: items.length * k }, (_, at) => Math.log(Math.max(prior[at % k] as number, 1e-300)));
  const logConfusion = confusion.map((rate) => Math.log(Math.max(rate, 1e-300)));
  for (let at = 0; at < rows.item.length; at += 1) {
    const item = rows.item[at] as number;
    const label = rows.label[at] as number;
    const annotator = rows.annotator[at] as number;
    for (let truth = 0; truth < k; truth += 1) {
      logs[item * k + truth] = (logs[item * k + truth] as number) + (logConfusion[(annotator * k + truth) * k + label] as number);
    }
  }
  let logLikelihood = 0;
  for (let item = 0; item < items.length; item += 1) {
    const own = logs.subarray(item * k, item * k + k);
    let peak = Number.NEGATIVE_INFINITY;
    for (let truth = 0; truth < k; truth += 1) peak = Math.max(peak, own[truth] as number);
    let sum = 0;
    for (let truth = 0; truth < k; truth += 1) {
      own[truth] = Math.exp((own[truth] as number) - peak);
      sum += own[truth] as number;
    }
    logLikelihood += peak + Math.log(sum);
    for (let truth = 0; truth < k; truth += 1) own[truth] = (own[truth] as number) / sum;
  }
  return { posterior: logs, logLikelihood };
}

function summaries(data: Indexed, beliefs: Float64Array, { confusion, met }: Rates, level: number): AnnotatorConfusion[] {
  const k = data.classes.length;
  const tallies = data.annotators.map(() => ({ right: 0, unsure: 0, labels: 0 }));
  for (let at = 0; at < data.rows.item.length; at += 1) {
    const item = data.rows.item[at] as number;
    const label = data.rows.label[at] as number;
    const annotator = data.rows.annotator[at] as number;
    const belief = beliefs[item * k + label] as number;
    const tally = tallies[annotator] as (typeof tallies)[number];
    tally.right += belief;
    tally.unsure += belief * (1 - belief);
    tally.labels += 1;
  }
  return data.annotators.map((annotator, at) => {
    const { labels, right, unsure } = tallies[at] as (typeof tallies)[number];
    const rows = data.classes.map((_, truth) => {
      const start = (at * k + truth) * k;
      return (met[at * k + truth] as number) > 0 ? [...confusion.subarray(start, start + k)] : null;
    });
    return { annotator, confusion: rows, accuracy: accuracyOf(right, unsure, labels, level), labels };
  });
}

/** Wilson's interval on the number of labels that, with all true classes known, would leave as much doubt. */
function accuracyOf(right: number, unsure: number, labels: number, level: number): Estimate {
  const share = right / labels;
  const chance = (share * (1 - share)) / labels;
  const doubt = chance + unsure / labels ** 2;
  const worth = chance > 0 ? (labels * chance) / doubt : labels;
  const interval = wilsonInterval(share * worth, worth, level);
  return interval.defined ? { ...interval, n: labels } : undefinedEstimate(interval.reason, labels);
}
