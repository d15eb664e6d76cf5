import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createRandom } from '#lib/domain/random';
import type { TokenWeights } from '#lib/ml/generation/prediction';
import { sampleToken } from '#lib/ml/generation/sample-token';
import { Candidates, checkFilters, type SamplingFilters } from '#lib/ml/generation/sampling-filters';
import { countThreshold, massThreshold } from '#lib/ml/generation/select-top';

const cases = z
  .array(
    z.object({
      settings: z.object({
        temperature: z.number().optional(),
        top_k: z.number().optional(),
        top_p: z.number().optional(),
        min_p: z.number().optional(),
        repetition_penalty: z.number().optional(),
      }),
      logits: z.array(z.number()),
      seen: z.array(z.number()),
      probabilities: z.array(z.number()),
    }),
  )
  .parse(JSON.parse(readFileSync('test/fixtures/generation/filters.json', 'utf8')));

/** What the engine gives for these logits. */
function predictionOf(logits: readonly number[], temperature: number): TokenWeights {
  const highest = Math.max(...logits);
  const weights = Float32Array.from(logits, (logit) => Math.exp((logit - highest) / temperature));
  const totals = Float32Array.of(weights.reduce((sum, weight) => sum + weight, 0));
  return { kind: 'weights', weights, totals, highest: Float32Array.of(highest), logits: Float32Array.from(logits) };
}

function distribution(logits: readonly number[], temperature: number, filters: SamplingFilters, seen: readonly number[]): number[] {
  const candidates = new Candidates(logits.length);
  candidates.take(predictionOf(logits, temperature), 0, temperature, filters, new Set(seen));
  const probabilities = logits.map(() => 0);
  const kept = Array.from(candidates.values.subarray(0, candidates.length));
  const total = kept.reduce((sum, value) => sum + value, 0);
  kept.forEach((value, index) => {
    probabilities[candidates.ids[index]!] = value / total;
  });
  return probabilities;
}

describe('sampling filters', () => {
  test.each(cases.map((each, index) => [index, JSON.stringify(each.settings), each] as const))(
    'case %i of transformers: %s',
    (_index, _name, { logits, probabilities, seen, settings }) => {
      const { min_p: minP, repetition_penalty: repetitionPenalty, temperature = 1, top_k: topK, top_p: topP } = settings;
      const filters = Object.fromEntries(
        Object.entries({ minP, repetitionPenalty, topK, topP }).filter(([, value]) => value !== undefined),
      );
      const ours = distribution(logits, temperature, filters, seen);
      ours.forEach((value, token) => {
        // below that, float32 tells nothing
        expect(value > 1e-36, `token ${token} is kept by one side only`).toBe(probabilities[token]! > 1e-36);
        expect(value).toBeCloseTo(probabilities[token]!, 6);
      });
    },
  );

  test('thresholds equal those of sorting, for any numbers', () => {
    const random = createRandom(3, 'thresholds');
    for (let round = 0; round < 200; round += 1) {
      // beyond the heap's size as well
      const length = 1 + random.integer(round < 100 ? 300 : 3000);
      const coarse = round % 3 === 0;
      const values = Float32Array.from({ length }, () => (coarse ? random.integer(4) / 4 : Math.exp(-20 * random.next())));
      const numbers = { values, bits: new Uint32Array(values.buffer) };
      const sorted = Array.from(values).sort((a, b) => b - a);
      const count = 1 + random.integer(length);
      expect(countThreshold(numbers, length, count)).toBe(count >= length ? 0 : sorted[count - 1]);
      const total = sorted.reduce((sum, value) => sum + value, 0);
      const share = random.next() * 0.999;
      const wanted = share * total;
      let reached = 0;
      const at = sorted.findIndex((value) => {
        reached += value;
        return reached >= wanted && value > 0;
      });
      if (at < 0) continue;
      const { above, t } = massThreshold(numbers, length, share);
      expect(t).toBe(sorted[at]);
      expect(above).toBeCloseTo(
        sorted.slice(0, sorted.indexOf(t)).reduce((sum, value) => sum + value, 0),
        6,
      );
    }
  });

  test('equal tokens: top-k keeps all that equal its last, top-p the lower ids', () => {
    const logits = [1, 2, 2, 2, 0];
    const kept = (filters: SamplingFilters) => distribution(logits, 1, filters, []).flatMap((value, token) => (value > 0 ? [token] : []));
    expect(kept({ topK: 2 })).toEqual([1, 2, 3]);
    expect(kept({ topP: 0.5 })).toEqual([1, 2]);
    expect(kept({ topP: 0 })).toEqual([1]);
    expect(kept({ minP: 1 })).toEqual([1, 2, 3]);
  });

  test('a penalty sees tokens whose weights have underflowed', () => {
    // at this temperature everything but the best token has weight 0
    const logits = [10, 9, 8.9, -3];
    const prediction = predictionOf(logits, 0.001);
    expect(Array.from(prediction.weights)).toEqual([1, 0, 0, 0]);
    const sampled = sampleToken(prediction, 0, 0.5, { temperature: 0.001, filters: { repetitionPenalty: 2 }, seen: new Set([0]) })!;
    expect(sampled.token).toBe(1);
    expect(sampled.filteredLogProb).toBeCloseTo(0, 6);
    // what the model itself gives that token: far below what a float32 weight can tell
    expect(sampled.logProb).toBeCloseTo(-1000, 3);
    const greedy = sampleToken(predictionOf(logits, 1), 0, 0.5, {
      temperature: 0,
      filters: { repetitionPenalty: 1.15 },
      seen: new Set([0, 1]),
    })!;
    expect(greedy.token).toBe(2);
    expect(greedy.margin).toBeCloseTo(8.9 - 10 / 1.15, 5);
  });

  test('log-probabilities: the plain one, and that of the filtered distribution; frequencies follow the latter', () => {
    const logits = [0, 1, 2, 3, -1];
    const prediction = predictionOf(logits, 1);
    const plainTotal = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
    const counts = logits.map(() => 0);
    for (let draw = 0; draw < 10_000; draw += 1) {
      const sampled = sampleToken(prediction, 0, (draw + 0.5) / 10_000, { temperature: 1, filters: { topK: 2 }, seen: new Set() })!;
      counts[sampled.token] = counts[sampled.token]! + 1;
      expect(sampled.logProb).toBeCloseTo(Math.log(Math.exp(logits[sampled.token]!) / plainTotal), 5);
      expect(sampled.filteredLogProb).toBeCloseTo(Math.log(Math.exp(logits[sampled.token]!) / (Math.exp(2) + Math.exp(3))), 5);
    }
    expect(counts.map((count) => Math.round(count / 10))).toEqual([0, 0, 269, 731, 0]);
  });

  test('the margin is how far all scores may move before another token is drawn', () => {
    const logits = [0.3, 1.1, -0.4, 0.9];
    const random = createRandom(5, 'margins');
    const draw = (scores: readonly number[], uniform: number) => sampleToken(predictionOf(scores, 1), 0, uniform)!;
    for (let round = 0; round < 300; round += 1) {
      const uniform = random.next();
      const { margin, token } = draw(logits, uniform);
      expect(margin).toBeGreaterThan(0);
      // log-odds of any sum of weights move by less than twice the largest move of a score
      const moved = logits.map((logit) => logit + (random.next() - 0.5) * 0.98 * margin!);
      expect(draw(moved, uniform).token).toBe(token);
      // raising all tokens on the wrong side of the nearer border by a little more than the margin crosses it
      const raised = [(other: number) => other < token, (other: number) => other > token].map(
        (wrong) =>
          draw(
            logits.map((logit, other) => logit + (wrong(other) ? margin! * 1.001 : 0)),
            uniform,
          ).token,
      );
      const widened = [(other: number) => other <= token, (other: number) => other >= token].map(
        (own) =>
          draw(
            logits.map((logit, other) => logit + (own(other) ? 0 : margin! * 1.001)),
            uniform,
          ).token,
      );
      expect([...raised, ...widened].some((other) => other !== token)).toBe(true);
    }
  });

  test('refuses settings out of range', () => {
    expect(() => checkFilters({ topK: -1 })).toThrow(/topK is -1/);
    expect(() => checkFilters({ topK: 1.5 })).toThrow(/topK is 1.5/);
    expect(() => checkFilters({ topP: 1.1 })).toThrow(/topP is 1.1/);
    expect(() => checkFilters({ topP: Number.NaN })).toThrow(/topP is NaN/);
    expect(() => checkFilters({ minP: -0.1 })).toThrow(/minP is -0.1/);
    expect(() => checkFilters({ repetitionPenalty: 0 })).toThrow(/repetitionPenalty is 0/);
    expect(() => checkFilters({})).not.toThrow();
  });
});
