import { choleskyFactor, choleskyInverse, choleskyLogDeterminant, choleskySolve } from '../comparisons/symmetric';
import { differencesOf, type ItemGroup } from './aware-items';
import {
  hermite,
  judgementSlopes,
  makeSlopes,
  populationPrior,
  type TermKind,
  type TermValues,
  termKinds,
  termPriors,
} from './aware-model';

interface AwareState {
  readonly groups: readonly ItemGroup[];
  readonly terms: readonly TermValues[];
  /** Places in `termKinds` of what is learned. */
  readonly learned: readonly number[];
  readonly spread: number;
  /** Mean of logit eta over annotators. */
  readonly population: number;
}

/** More parameters than this are treated annotator by annotator. */
const mostTogether = 400;

/**
 * Scores of all that is learned, and the information left when that of the strengths is taken off (Louis 1982), priors included. Parameters: the terms of
 * annotator 0, 1, ..., then, where accuracy is learned, the population's mean.
 */
export class AwareInformation {
  readonly scores: Float64Array;
  private readonly m: number;
  private readonly size: number;
  private readonly blocks: Float64Array[];
  private readonly whole: Float64Array | null;

  constructor(private readonly state: AwareState) {
    const { groups, learned, terms } = state;
    this.m = learned.length;
    this.size = terms.length * this.m + (learned.includes(0) ? 1 : 0);
    this.scores = new Float64Array(this.size);
    // the last block is that of the population's mean
    this.blocks = [...terms.map(() => new Float64Array(this.m * this.m)), new Float64Array(1)];
    this.whole = this.size <= mostTogether ? new Float64Array(this.size * this.size) : null;
    terms.forEach((own, annotator) => {
      learned.forEach((at, row) => {
        if (at === 0) this.ofPopulation(annotator * this.m + row, own[at] as number);
        else this.prior(annotator * this.m + row, own[at] as number, termPriors[termKinds[at] as TermKind]);
      });
    });
    if (learned.includes(0)) this.prior(this.size - 1, state.population, populationPrior);
    for (const group of groups) this.addGroup(group);
  }

  /** One annotator's logit eta is drawn around the population's mean. */
  private ofPopulation(at: number, value: number): void {
    const mean = this.state.population;
    const last = this.size - 1;
    const precision = 1 / termPriors.accuracy.deviation ** 2;
    this.scores[at] = (this.scores[at] as number) + (mean - value) * precision;
    this.scores[last] = (this.scores[last] as number) + (value - mean) * precision;
    this.add(at, at, precision);
    this.add(last, last, precision);
    this.add(at, last, -precision);
    this.add(last, at, -precision);
  }

  private prior(at: number, value: number, { deviation, mean }: { readonly mean: number; readonly deviation: number }): void {
    this.scores[at] = (this.scores[at] as number) + (mean - value) / deviation ** 2;
    this.add(at, at, 1 / deviation ** 2);
  }

  private add(row: number, column: number, value: number): void {
    if (this.whole) {
      this.whole[row * this.size + column] = (this.whole[row * this.size + column] as number) + value;
      return;
    }
    const { m } = this;
    const annotator = m === 0 ? this.blocks.length - 1 : Math.min(Math.floor(row / m), this.blocks.length - 1);
    const start = annotator * m;
    const width = annotator === this.blocks.length - 1 ? 1 : m;
    if (column < start || column >= start + width) return;
    const block = this.blocks[annotator] as Float64Array;
    const cell = (row - start) * width + column - start;
    block[cell] = (block[cell] as number) + value;
  }

  private addGroup(group: ItemGroup): void {
    const rows = group.nodes ? this.scoresAtNodes(group) : this.couplings(group);
    const sets = this.whole ? [[...rows]] : this.byBlock(rows);
    for (const entries of sets) {
      for (const [at, row] of entries) {
        const own = group.nodes ? weighed(row, group.nodes) : timesCovariance(row, group);
        for (const [other, otherRow] of entries) {
          let sum = 0;
          for (let column = 0; column < own.length; column += 1) sum += (own[column] as number) * (otherRow[column] as number);
          this.add(at, other, -sum);
        }
      }
    }
  }

  private byBlock(rows: Map<number, Float64Array>): [number, Float64Array][][] {
    const blocks = new Map<number, [number, Float64Array][]>();
    for (const entry of rows) {
      const block = this.m === 0 ? 0 : Math.floor(entry[0] / this.m);
      const entries = blocks.get(block);
      if (entries) entries.push(entry);
      else blocks.set(block, [entry]);
    }
    return [...blocks.values()];
  }

  /** Expected scores and information of complete data; returns what each parameter's score is at each node. */
  private scoresAtNodes(group: ItemGroup): Map<number, Float64Array> {
    const nodes = group.nodes as NonNullable<ItemGroup['nodes']>;
    const rows = new Map<number, Float64Array>();
    this.eachSlope(group, (judgement, node, weight, slopes) => {
      this.state.learned.forEach((at, row) => {
        const parameter = judgement * this.m + row;
        const own = rows.get(parameter) ?? new Float64Array(nodes.length);
        rows.set(parameter, own);
        own[node] = (own[node] as number) + (slopes.score[at + 1] as number);
      });
      this.complete(judgement, weight, slopes, weight);
    });
    return rows;
  }

  /** The same with the normal approximation: the information between each parameter and the strengths, all of it at their most likely values. */
  private couplings(group: ItemGroup): Map<number, Float64Array> {
    const n = group.items.length;
    const rows = new Map<number, Float64Array>();
    this.eachSlope(group, (annotator, node, weight, slopes, [a, b]) => {
      // the middle node is the mode: one matrix of information at one point is never indefinite
      const weighs = node === hermite.length >> 1 ? 1 : 0;
      this.complete(annotator, weight, slopes, weighs);
      if (weighs === 0) return;
      this.state.learned.forEach((at, row) => {
        const parameter = annotator * this.m + row;
        const own = rows.get(parameter) ?? new Float64Array(n);
        rows.set(parameter, own);
        const between = slopes.information * (slopes.slope[at + 1] as number) * (slopes.slope[0] as number);
        own[a] = (own[a] as number) + between;
        own[b] = (own[b] as number) - between;
      });
    });
    return rows;
  }

  private eachSlope(
    group: ItemGroup,
    visit: (
      annotator: number,
      node: number,
      weight: number,
      slopes: ReturnType<typeof makeSlopes>,
      places: readonly [number, number],
    ) => void,
  ): void {
    const { learned, terms } = this.state;
    const knowsAccuracy = learned.includes(0);
    const slopes = makeSlopes();
    for (const judgement of group.judgements) {
      const places = [group.place.get(judgement.first) as number, group.place.get(judgement.second) as number] as const;
      const differences = differencesOf(group, judgement);
      for (let node = 0; node < differences.length; node += 1) {
        const [difference, weight] = differences[node] as readonly [number, number];
        judgementSlopes(judgement, terms[judgement.annotator] as TermValues, difference, knowsAccuracy, slopes);
        visit(judgement.annotator, node, weight, slopes, places);
      }
    }
  }

  private complete(annotator: number, weight: number, { information, score, slope }: ReturnType<typeof makeSlopes>, weighs: number): void {
    this.state.learned.forEach((at, row) => {
      const parameter = annotator * this.m + row;
      this.scores[parameter] = (this.scores[parameter] as number) + weight * (score[at + 1] as number);
      if (weighs === 0) return;
      const factor = weighs * information * (slope[at + 1] as number);
      this.state.learned.forEach((other, column) => {
        this.add(parameter, annotator * this.m + column, factor * (slope[other + 1] as number));
      });
    });
  }

  /** A Newton step for every parameter: with all of them together where that can be, else annotator by annotator. */
  step(): Float64Array {
    const factor = this.whole ? choleskyFactor(this.whole, this.size) : null;
    if (factor) return choleskySolve(factor, this.size, this.scores);
    const step = new Float64Array(this.size);
    this.eachBlock((block, start, width) => {
      const own = choleskyFactor(block, width);
      const scores = this.scores.subarray(start, start + width);
      // where hardly any information is left, a short way up the score
      step.set(own ? choleskySolve(own, width, scores) : scores.map((value) => 0.1 * value), start);
    });
    return step;
  }

  /** Covariance of two parameters; infinite on the diagonal where nothing is known, 0 between annotators where they are treated one by one. */
  covariance(): (row: number, column: number) => number {
    const factor = this.whole ? choleskyFactor(this.whole, this.size) : null;
    if (factor) {
      const inverse = choleskyInverse(factor, this.size);
      return (row, column) => inverse[row * this.size + column] as number;
    }
    const inverses = new Map<number, number>();
    this.eachBlock((block, start, width) => {
      const own = choleskyFactor(block, width);
      const inverse = own ? choleskyInverse(own, width) : null;
      for (let row = 0; row < width; row += 1) {
        for (let column = 0; column < width; column += 1) {
          const nothing = row === column ? Number.POSITIVE_INFINITY : 0;
          inverses.set((start + row) * this.size + start + column, inverse ? (inverse[row * width + column] as number) : nothing);
        }
      }
    });
    return (row, column) => inverses.get(row * this.size + column) ?? 0;
  }

  /** log det of the information; of the blocks where parameters are treated one by one. Infinite where nothing is known of something. */
  logDeterminant(): number {
    const factor = this.whole ? choleskyFactor(this.whole, this.size) : null;
    if (factor) return choleskyLogDeterminant(factor, this.size);
    let sum = 0;
    this.eachBlock((block, _, width) => {
      const own = choleskyFactor(block, width);
      sum += own ? choleskyLogDeterminant(own, width) : Number.POSITIVE_INFINITY;
    });
    return sum;
  }

  private eachBlock(visit: (block: Float64Array, start: number, width: number) => void): void {
    const last = this.blocks.length - 1;
    for (let at = 0; at <= last; at += 1) {
      const width = at === last ? this.size - last * this.m : this.m;
      if (width > 0) visit(this.whole ? this.cut(at * this.m, width) : (this.blocks[at] as Float64Array), at * this.m, width);
    }
  }

  private cut(start: number, width: number): Float64Array {
    return Float64Array.from({ length: width * width }, (_, at) => {
      return this.whole?.[(start + Math.floor(at / width)) * this.size + start + (at % width)] as number;
    });
  }
}

function weighed(row: Float64Array, nodes: NonNullable<ItemGroup['nodes']>): Float64Array {
  const product = new Float64Array(row.length);
  let centre = 0;
  for (let node = 0; node < row.length; node += 1) centre += (nodes[node]?.[1] as number) * (row[node] as number);
  for (let node = 0; node < row.length; node += 1) product[node] = (nodes[node]?.[1] as number) * ((row[node] as number) - centre);
  return product;
}

function timesCovariance(row: Float64Array, { covariance }: ItemGroup): Float64Array {
  const n = row.length;
  const product = new Float64Array(n);
  for (let item = 0; item < n; item += 1) {
    const value = row[item] as number;
    if (value === 0) continue;
    for (let other = 0; other < n; other += 1)
      product[other] = (product[other] as number) + value * (covariance[item * n + other] as number);
  }
  return product;
}
