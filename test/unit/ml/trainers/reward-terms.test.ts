import { describe, expect, it } from 'vitest';
import { createRandom } from '#lib/domain/random';
import { outcomes, type TieModel } from '#lib/ml/numerics-preferences';
import type { JudgedPair } from '#lib/ml/trainers/reward-pairs';
import { RewardTerms, type TermEvidence, termsConfig } from '#lib/ml/trainers/reward-terms';

interface Judge {
  readonly annotatorId: string;
  readonly accuracy: number;
  readonly temperature: number;
}

const world = { position: 0.6, length: -0.8 };

/** Judgements as the model of the terms says they come about, by annotators in turn. */
function evidence(count: number, judges: readonly Judge[], ties: TieModel): TermEvidence[] {
  const random = createRandom(7, 'judgements', ties.kind);
  return Array.from({ length: count }, (_, index): TermEvidence => {
    const { accuracy, annotatorId, temperature } = judges[index % judges.length]!;
    const difference = 1.5 * random.normal();
    const lengths = 80 * random.normal();
    const position = random.next() < 0.5 ? 1 : -1;
    const { first, second } = outcomes(temperature * difference + world.position * position + world.length * (lengths / 100), ties);
    const [chosen, other] = random.next() < accuracy ? [first, second] : [second, first];
    const draw = random.next();
    const won = draw < Math.exp(chosen.log);
    const lost = !won && draw < Math.exp(chosen.log) + Math.exp(other.log);
    const pair: JudgedPair = { first: 0, second: 1, annotatorId, position, wins: +won, losses: +lost, ties: +(!won && !lost) };
    return { pair, difference, lengths };
  });
}

function learn(data: readonly TermEvidence[], ties: 'nu' | 'theta' | null, terms: object, epochs = 8) {
  const pairs = data.map(({ pair }) => pair);
  const learned = new RewardTerms(termsConfig.parse(terms), ties, pairs, undefined);
  const size = 100;
  for (let step = 0; step < (epochs * data.length) / size; step += 1) {
    const start = (step * size) % data.length;
    learned.update(data.slice(start, start + size), size / data.length);
  }
  return learned;
}

describe('RewardTerms', () => {
  const plain = [{ annotatorId: 'a', accuracy: 1, temperature: 1 }];

  it.each([
    ['davidson', { kind: 'davidson', nu: 0.8 }, 'nu', 0.8],
    ['Rao and Kupper', { kind: 'raoKupper', theta: 1.9 }, 'theta', 1.9],
  ] as const)('finds how often ties come and what position and length are worth: %s', (_, ties, parameter, truth) => {
    const { length, position, tie } = learn(evidence(6000, plain, ties), parameter, { position: true, length: true }).result();
    expect(Math.abs(tie! - truth)).toBeLessThan(0.12);
    expect(Math.abs(position! - world.position)).toBeLessThan(0.1);
    expect(Math.abs(length! - world.length)).toBeLessThan(0.12);
  });

  it('finds who is accurate and who is sharp', () => {
    const judges = [0.97, 0.8, 0.5, 0.2].map((accuracy, index) => ({ annotatorId: `judge ${index}`, accuracy, temperature: 1 }));
    const soft = { kind: 'soft' } as const;
    const { annotators } = learn(evidence(8000, judges, soft), null, { accuracy: true, position: true, length: true }).result();
    expect(annotators.map(({ annotatorId, judgements }) => [annotatorId, judgements])).toEqual(
      judges.map((judge) => [judge.annotatorId, 2000]),
    );
    annotators.forEach(({ accuracy, temperature }, index) => {
      expect(Math.abs(accuracy! - judges[index]!.accuracy)).toBeLessThan(0.06);
      expect(temperature).toBeNull();
    });
    const sharp = [2, 1, 0.5].map((temperature) => ({ annotatorId: `t${temperature}`, accuracy: 1, temperature }));
    const found = learn(evidence(8000, sharp, soft), null, { temperature: true, position: true, length: true }).result().annotators;
    found.forEach(({ temperature }, index) => {
      expect(Math.abs(Math.log(temperature! / sharp[index]!.temperature))).toBeLessThan(0.15);
    });
  });

  it('stays at its prior where nothing is known, and goes on from its state to the bit', () => {
    const data = evidence(400, [{ annotatorId: 'a', accuracy: 0.7, temperature: 1 }], { kind: 'soft' });
    const idle = new RewardTerms(termsConfig.parse({ accuracy: true }), 'nu', [data[0]!.pair], undefined);
    idle.update([], 0.1);
    expect(idle.result()).toMatchObject({ tie: 1, annotators: [{ accuracy: 10 / 11 }] });
    const whole = learn(data, null, { accuracy: true, temperature: true }, 2);
    const half = learn(data, null, { accuracy: true, temperature: true }, 1);
    const pairs = data.map(({ pair }) => pair);
    const config = termsConfig.parse({ accuracy: true, temperature: true });
    const rest = new RewardTerms(config, null, pairs, JSON.parse(JSON.stringify(half.state())));
    for (let start = 0; start < 400; start += 100) rest.update(data.slice(start, start + 100), 0.25);
    expect(rest.state()).toEqual(whole.state());
  });
});
