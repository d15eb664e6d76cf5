import { readFileSync } from 'node:fs';
import path from 'node:path';
import { crc32, gunzipSync } from 'node:zlib';
import { z } from 'zod';
import { createRandom } from '#lib/domain/random';
import type { Tokenizer } from '#lib/ml/tokenizers/tokenizer';
import type { Comparison, RankedPrompt } from '#lib/ml/trainers/reward-pairs';
import type { Split } from '#lib/ml/training/examples';

/** A judged pair of texts. `group`: what an interval takes as one unit and what a prompt of training is made of. */
export interface TextPair {
  readonly group: string;
  readonly topic: string;
  /** Read before both answers; empty where the answers stand by themselves. */
  readonly prompt: string;
  readonly first: string;
  readonly second: string;
  readonly better: 'first' | 'second' | 'neither';
  readonly annotatorId: string | null;
}

function* jsonLines<T>(file: string, schema: z.ZodType<T>): Generator<T> {
  const text = gunzipSync(readFileSync(file)).toString('utf8');
  for (const line of text.split('\n')) if (line !== '') yield schema.parse(JSON.parse(line));
}

const argumentPair = z.object({
  topic: z.string(),
  title: z.string(),
  stance: z.string(),
  a1: z.string(),
  a2: z.string(),
  gold: z.enum(['a1', 'a2', 'equal']).nullable(),
  strict: z.boolean(),
  annotations: z.array(z.object({ annotator: z.string(), value: z.enum(['a1', 'a2', 'equal']) })),
});
const outcomes = { a1: 'first', a2: 'second', equal: 'neither' } as const;

/** Pairs of ukpconvarg1: `strict` with the corpus's label; `single` every judgement of every worker; `majority` what most workers said of a pair. */
export function readArguments(folder: string, labels: 'strict' | 'single' | 'majority'): TextPair[] {
  const pairs: TextPair[] = [];
  for (const row of jsonLines(path.join(folder, 'ukpconvarg1', 'pairs.jsonl.gz'), argumentPair)) {
    const common = { group: `${row.title} ${row.stance}`, topic: row.topic, prompt: '', first: row.a1, second: row.a2 };
    if (labels === 'strict') {
      if (row.strict && row.gold && row.gold !== 'equal') pairs.push({ ...common, better: outcomes[row.gold], annotatorId: null });
    } else if (labels === 'single') {
      for (const { annotator, value } of row.annotations) pairs.push({ ...common, better: outcomes[value], annotatorId: annotator });
    } else {
      const votes = { a1: 0, a2: 0, equal: 0 };
      for (const { value } of row.annotations) votes[value] += 1;
      const most = Math.max(...Object.values(votes));
      const winners = (['a1', 'a2', 'equal'] as const).filter((value) => votes[value] === most);
      pairs.push({ ...common, better: winners.length === 1 ? outcomes[winners[0] ?? 'equal'] : 'neither', annotatorId: null });
    }
  }
  return pairs;
}

/** How competent each worker is by the corpus's own estimate, which was made from all judgements: also from those of topics that are held out here. */
export function readCompetence(folder: string): Record<string, number> {
  const [, ...lines] = gunzipSync(readFileSync(path.join(folder, 'ukpconvarg1', 'annotators.csv.gz')))
    .toString('utf8')
    .trim()
    .split('\n');
  return Object.fromEntries(
    lines.map((line) => {
      const [annotator = '', competence] = line.split(',');
      return [annotator, Number(competence)];
    }),
  );
}

/**
 * Weights of workers from nothing but these judgements: p_k is how often worker k says what most of the others say of a pair, drawn towards the mean of all
 * by `prior` judgements; the weight is log(p / (1 - p)), the best one for a vote of independent judges (Nitzan and Paroush 1982), over that of the mean.
 */
export function agreementWeights(pairs: readonly TextPair[], prior = 6): Record<string, number> {
  const votes = new Map<string, TextPair[]>();
  const keyOf = ({ first, group, second }: TextPair) => JSON.stringify([group, first, second]);
  for (const pair of pairs) votes.set(keyOf(pair), [...(votes.get(keyOf(pair)) ?? []), pair]);
  const agreed = new Map<string, { same: number; judged: number }>();
  for (const pair of pairs) {
    const others = (votes.get(keyOf(pair)) ?? []).filter((other) => other !== pair);
    const count = (better: TextPair['better']) => others.filter((other) => other.better === better).length;
    if (pair.better === 'neither' || pair.annotatorId === null || count('first') === count('second')) continue;
    const so = agreed.get(pair.annotatorId) ?? { same: 0, judged: 0 };
    const same = count(pair.better) > others.length - count('neither') - count(pair.better);
    agreed.set(pair.annotatorId, { same: so.same + (same ? 1 : 0), judged: so.judged + 1 });
  }
  const all = [...agreed.values()].reduce((sum, { judged, same }) => ({ same: sum.same + same, judged: sum.judged + judged }));
  const mean = all.same / all.judged;
  const logit = (p: number) => Math.log(p / (1 - p));
  return Object.fromEntries(
    [...agreed].map(([annotator, { judged, same }]) => [
      annotator,
      Math.max(0, logit(Math.min((same + prior * mean) / (judged + prior), 0.99))) / logit(mean),
    ]),
  );
}

const chosenRejected = z.object({ chosen: z.string(), rejected: z.string() });
const turn = '\n\nAssistant:';

/** hh-rlhf: the replies that end two conversations which are the same until then; equal or empty ones are left out. */
export function readReplies(folder: string): TextPair[] {
  const pairs: TextPair[] = [];
  for (const topic of ['helpful-base', 'helpful-online', 'helpful-rejection-sampled', 'harmless-base']) {
    for (const { chosen, rejected } of jsonLines(path.join(folder, 'hh-rlhf', `${topic}.train.jsonl.gz`), chosenRejected)) {
      const cut = chosen.lastIndexOf(turn);
      if (cut < 0 || chosen.slice(0, cut) !== rejected.slice(0, cut)) continue;
      const [first, second] = [chosen, rejected].map((text) => text.slice(cut + turn.length).trim()) as [string, string];
      const prompt = chosen.slice(0, cut).trim();
      if (first && second && first !== second)
        pairs.push({ group: prompt, topic, prompt, first, second, better: 'first', annotatorId: null });
    }
  }
  return pairs;
}

/** The topics that are held out as a whole. */
export const unseenTopics = [
  'firefox-vs-internet-explorer',
  'personal-pursuit-or-advancing-the-common-good',
  'should-physical-education-be-mandatory-in-schools',
];

/** Every seventh pair of each topic, by the checksum of both texts. */
export function isHeldOutPair({ first, second }: TextPair): boolean {
  return crc32([first, second].sort().join('|')) % 7 === 0;
}

/** Every fifth prompt, by its checksum. */
export function isHeldOutPrompt({ prompt }: TextPair): boolean {
  return crc32(prompt) % 5 === 0;
}

/** Texts as tokens of at most `most`: of a long prompt the end is kept, of a long answer the beginning. Counts what was cut. */
export function textTokens(tokenizer: Tokenizer, most: number) {
  const known = new Map<string, readonly number[]>();
  let cut = 0;
  const cached = (key: string, make: () => readonly number[]) => {
    const before = known.get(key);
    if (before) return before;
    const made = make();
    known.set(key, made);
    return made;
  };
  const shortened = (tokens: readonly number[], room: number, end: boolean) => {
    if (tokens.length <= room) return tokens;
    cut += 1;
    return end ? tokens.slice(-room) : tokens.slice(0, room);
  };
  const bos = tokenizer.bosId ?? 1;
  const eos = tokenizer.eosId ?? 2;
  const answerRoom = (prompt: string) => (prompt === '' ? most - 2 : Math.floor((most * 2) / 3));
  return {
    prompt: (text: string) =>
      cached(`prompt ${text}`, () =>
        text === '' ? [bos] : [bos, ...shortened(tokenizer.encode(text), most - answerRoom(text) - 2, true)],
      ),
    answer: (text: string, prompt: string) =>
      cached(`answer ${prompt === ''} ${text}`, () => {
        const tokens = tokenizer.encode(prompt === '' ? text : `${turn} ${text}`);
        return [...shortened(tokens, answerRoom(prompt), false), eos];
      }),
    shortened: () => cut,
  };
}

/** A prompt that training computes at once, with the texts of its answers. */
export interface TextPrompt extends RankedPrompt {
  readonly texts: readonly string[];
}

/** One prompt a group, each of its different texts an answer, each pair a comparison. */
export function toPrompts(pairs: readonly TextPair[], split: Split, tokens: ReturnType<typeof textTokens>): TextPrompt[] {
  const groups = new Map<string, TextPair[]>();
  for (const pair of pairs) groups.set(pair.group, [...(groups.get(pair.group) ?? []), pair]);
  return [...groups].map(([group, own]) => promptOf(`${group} (${split})`, own, split, tokens));
}

function promptOf(promptId: string, pairs: readonly TextPair[], split: Split, tokens: ReturnType<typeof textTokens>): TextPrompt {
  const texts = [...new Set(pairs.flatMap(({ first, second }) => [first, second]))];
  const places = new Map(texts.map((text, index) => [text, index]));
  const prompt = pairs[0]?.prompt ?? '';
  const comparisons = pairs
    .filter(({ first, second }) => first !== second)
    .map(
      ({ annotatorId, better, first, second }): Comparison => ({
        annotatorId,
        better,
        first: places.get(first) as number,
        second: places.get(second) as number,
      }),
    );
  const responses = texts.map((text, index) => ({ responseId: String(index), tokens: tokens.answer(text, prompt) }));
  return { promptId, split, prompt: tokens.prompt(prompt), responses, rankings: [], comparisons, texts };
}

/**
 * Groups of dozens of answers in blocks of half of them, so that an epoch has more updates: the answers of a group are dealt into four hands, and every
 * two hands are a block with the pairs between them; pairs within a hand go to its blocks in turn. Each pair is in exactly one block.
 */
export function toBlocks(pairs: readonly TextPair[], seed: number, tokens: ReturnType<typeof textTokens>): TextPrompt[] {
  const groups = new Map<string, TextPair[]>();
  for (const pair of pairs) groups.set(pair.group, [...(groups.get(pair.group) ?? []), pair]);
  return [...groups].flatMap(([group, own]) => {
    const texts = createRandom(seed, 'hands', group).shuffle([...new Set(own.flatMap(({ first, second }) => [first, second]))]);
    const hands = new Map(texts.map((text, index) => [text, index % 4]));
    const blocks = new Map<string, TextPair[]>();
    own.forEach((pair, index) => {
      const a = hands.get(pair.first) as number;
      let b = hands.get(pair.second) as number;
      if (a === b) b = (a + 1 + (index % 3)) % 4;
      const key = `${group} (hands ${Math.min(a, b)} and ${Math.max(a, b)})`;
      blocks.set(key, [...(blocks.get(key) ?? []), pair]);
    });
    return [...blocks].map(([promptId, block]) => promptOf(promptId, block, 'TRAIN', tokens));
  });
}
