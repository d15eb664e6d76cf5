import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { createEngine } from '#lib/ml/engine/create-engine';
import type { Engine } from '#lib/ml/engine/engine';
import { createRewardScorer } from '#lib/ml/evaluation/reward-scorer';
import { createScalarModel } from '#lib/ml/nn/language-model';
import { createReward } from '#lib/ml/rewards/create-reward';
import { type RewardSpec, rewardSpec } from '#lib/ml/rewards/reward-spec';
import { finalNumber, repetitionShare } from '#lib/ml/rewards/rule-rewards';
import type { Tokenizer } from '#lib/ml/tokenizers/tokenizer';
import type { Episode, RewardScorer } from '#lib/ml/training/examples';
import { numberTokenizer, tinyFiles } from '../trainers/tiny-model';

const episode = (response: number[], change: Partial<Episode> = {}): Episode => ({
  promptId: 'p',
  prompt: [1, 3],
  response,
  ended: response.at(-1) === 2,
  ...change,
});

/** Tokens are characters. */
const letters: Tokenizer = { ...numberTokenizer, decode: (ids) => String.fromCodePoint(...ids.filter((id) => id > 2)) };
const spelled = (text: string, change: Partial<Episode> = {}) =>
  episode([...[...text].map((letter) => letter.codePointAt(0) ?? 0), 2], change);

describe('rewards', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await createEngine({ backend: 'auto' });
  }, 60_000);

  const noModels = async () => Promise.reject(new Error('no models here'));
  const noHttp = (): RewardScorer => () => Promise.reject(new Error('no server here'));
  const scorer = (spec: unknown, expected?: ReadonlyMap<string, string>) =>
    createReward(rewardSpec.parse(spec), {
      engine,
      tokenizer: letters,
      loadModels: noModels,
      http: noHttp,
      ...(expected ? { expected } : {}),
    });
  const totals = async (spec: unknown, answers: Episode[], expected?: ReadonlyMap<string, string>) =>
    (await (await scorer(spec, expected))(answers)).total;

  test('length: tokens without the end token, or how near to a target', async () => {
    const answers = [episode([5, 6, 7, 2]), episode([5, 6, 7]), episode([2])];
    expect(await totals({ rule: 'length' }, answers)).toEqual([3, 3, 0]);
    expect(await totals({ rule: 'length', target: 2, scale: 4, weight: 2 }, answers)).toEqual([-0.5, -0.5, -1]);
  });

  test('match, forbid, ends, repetition', async () => {
    const answers = [spelled('Once upon'), spelled('so ONCE'), episode([65, 66])];
    expect(await totals({ rule: 'match', pattern: '^once\\b', flags: 'i' }, answers)).toEqual([1, 0, 0]);
    expect(await totals({ rule: 'forbid', pattern: 'o' }, answers)).toEqual([-1, -1, 0]);
    expect(await totals({ rule: 'ends' }, answers)).toEqual([1, 1, 0]);
    expect(await totals({ rule: 'repetition', n: 2 }, [spelled('ababab'), spelled('abc'), spelled('a')])).toEqual([-3 / 5, 0, 0]);
    // ab ba ab ba ab: two different ones of five
    expect(repetitionShare([1, 2, 1, 2, 1, 2], 2)).toBe(3 / 5);
  });

  test('the answer of a prompt, as text or as its last number', async () => {
    const expected = new Map([['p', 'so it is 5 + 5 = 10\n#### 1,200']]);
    const answers = ['thus #### 1200', '1,200.0', 'It is 1200, or 7', '#### none', 'x'].map((text) => spelled(text));
    expect(await totals({ rule: 'answer', compare: 'number' }, answers, expected)).toEqual([1, 1, 0, 0, 0]);
    expect(await totals({ rule: 'answer' }, [spelled(' a  b ')], new Map([['p', 'a b']]))).toEqual([1]);
    await expect(totals({ rule: 'answer' }, [spelled('a')])).rejects.toThrow('needs what is expected of prompt p');
    await expect(totals({ rule: 'answer', compare: 'number' }, [spelled('a')], new Map([['p', 'b']]))).rejects.toThrow('holds no number');
  });

  const folder = process.env.PLUMBLINE_TEST_DATA;
  test.skipIf(!folder)('all final numbers of GSM8K are read (needs PLUMBLINE_TEST_DATA)', () => {
    const lines = gunzipSync(readFileSync(join(folder ?? '', 'gsm8k/train.jsonl.gz')))
      .toString('utf8')
      .trim()
      .split('\n');
    for (const line of lines) {
      const { answer } = JSON.parse(line) as { answer: string };
      const written = answer.split('#### ')[1]?.trim() ?? '';
      expect(finalNumber(answer), written).toBe(Number(written.replaceAll(',', '')));
    }
    expect([finalNumber('costs $1,234.50.'), finalNumber('-3 or -.5'), finalNumber('1,23'), finalNumber('none')]).toEqual([
      1234.5,
      -0.5,
      23,
      null,
    ]);
  });

  test('models on their normalised scale, an ensemble with its spread', async () => {
    const members = [1, 2].map((headSeed) => ({
      model: createScalarModel(engine, tinyFiles(headSeed), { headSeed }),
      normalisation: { mean: headSeed, std: 2 },
    }));
    const answers = [episode([5, 2]), episode([6, 7, 8])];
    const alone = members.map((member) => createRewardScorer({ engine, ...member })(answers));
    const make = (spec: RewardSpec) =>
      createReward(spec, {
        engine,
        tokenizer: letters,
        http: noHttp,
        loadModels: async (name) => (name === 'both' ? members : [members[Number(name)]!]),
      });
    const close = (found: readonly number[], wanted: readonly number[]) => {
      expect(found.length).toBe(wanted.length);
      for (const [index, value] of found.entries()) expect(value).toBeCloseTo(wanted[index]!, 5);
    };
    close((await (await make(rewardSpec.parse({ model: '1' })))(answers)).total, alone[1]!);
    const worst = await (await make(rewardSpec.parse({ ensemble: ['0', '1'], how: 'worst' })))(answers);
    close(
      worst.total,
      alone[0]!.map((score, index) => Math.min(score, alone[1]![index]!)),
    );
    const spread = alone[0]!.map((score, index) => Math.abs(score - alone[1]![index]!) / 2);
    close(worst.parts?.spread ?? [], spread);
    const cautious = await (
      await make(
        rewardSpec.parse([
          { model: 'both', how: 'mean-minus-variance', lambda: 3 },
          { rule: 'length', weight: 0.1 },
        ]),
      )
    )(answers);
    close(
      cautious.total,
      alone[0]!.map((score, index) => (score + alone[1]![index]!) / 2 - 3 * spread[index]! ** 2 + [0.1, 0.3][index]!),
    );
    expect(Object.keys(cautious.parts ?? {})).toEqual(['model', 'model/spread', 'length']);
    for (const { model } of members) model.dispose();
  });

  test('a sum keeps its parts apart and numbers those of one name', async () => {
    const made = await scorer([
      { rule: 'ends', weight: 2 },
      { rule: 'match', pattern: 'a' },
      { rule: 'match', pattern: 'b', weight: -1 },
    ]);
    expect(await made([spelled('ab'), spelled('a')])).toEqual({ total: [2, 3], parts: { ends: [1, 1], match1: [1, 1], match2: [1, 0] } });
  });

  test('a score that is missing or no number stops with the name of its source', async () => {
    const from = (total: number[]) =>
      createReward(rewardSpec.parse([{ rule: 'ends' }, { http: 'http://localhost:1' }]), {
        engine,
        tokenizer: letters,
        loadModels: noModels,
        http: () => () => ({ total }),
      });
    const answers = [spelled('a'), spelled('b', { promptId: 'q' })];
    await expect((await from([1, Number.NaN]))(answers)).rejects.toMatchObject({
      code: 'INVARIANT',
      details: { check: 'finite-reward', reward: 'http', promptId: 'q' },
    });
    await expect((await from([1]))(answers)).rejects.toMatchObject({ details: { check: 'one-score-an-answer' } });
  });

  test.each([
    [{ rule: 'lenght' }, ['rule'], /length/],
    [{ rule: 'length', targt: 3 }, [], /targt/],
    [{ rule: 'match', pattern: '(' }, ['pattern'], /is no regular expression/],
    [{ http: 'ftp://x' }, ['http'], /URL/i],
    [{ http: 'http://x', timeoutSeconds: 0 }, ['timeoutSeconds'], /./],
    [{ ensemble: ['a'] }, ['ensemble'], /2/],
    [[{ rule: 'ends' }, { modl: 'a' }], [1], /is no reward: it needs "rule"/],
    [[], [], /has no part/],
    ['length', [], /is no reward/],
  ])('a description that cannot be read says where: %j', (spec, path, message) => {
    const parsed = rewardSpec.safeParse(spec);
    expect(parsed.error?.issues[0]?.path).toEqual(path);
    expect(parsed.error?.issues[0]?.message).toMatch(message);
  });
});
