import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { LabelRow } from '#lib/domain/statistics/agreement/label-table';
import type { RankingRow } from '#lib/domain/statistics/agreement/ranking-table';

/** Judgements of public data sets as rows, from the folder in PLUMBLINE_TEST_DATA. */
const text = (data: string, file: string) => gunzipSync(readFileSync(path.join(data, file))).toString('utf8');

/** Three annotators on 999 comparisons: 1 and 2 for the better answer, 0 for a tie. */
export function pandalmLabels(data: string): LabelRow[] {
  const rows = JSON.parse(text(data, 'pandalm-testset/testset-v1.json.gz')) as Record<string, string | number>[];
  return rows.flatMap((row, index) =>
    ['1', '2', '3'].map((annotator) => ({ item: `${index}`, annotator, label: row[`annotator${annotator}`] as number })),
  );
}

interface PairRow {
  readonly sentence: string;
  readonly judge: string;
  readonly systems: readonly [string, string];
  readonly ranks: readonly [number, number];
  readonly ranking: string;
}

function wmtRows(data: string, languages: string): PairRow[] {
  const [head = '', ...lines] = text(data, `wmt16-rankings/wmt16.collapsed.${languages}.csv.gz`)
    .trim()
    .split(/[\r\n]+/);
  const columns = head.split(',');
  return lines.map((line) => {
    const cells = line.split(',');
    const cell = (name: string) => cells[columns.indexOf(name)] as string;
    return {
      sentence: cell('srcIndex'),
      judge: cell('judgeID'),
      systems: [cell('system1Id'), cell('system2Id')],
      ranks: [Number(cell('system1rank')), Number(cell('system2rank'))],
      ranking: cell('rankingID'),
    };
  });
}

/** Pairs of translations labelled `<`, `>` or `=`, grouped by sentence. */
export function wmtLabels(data: string, languages: string): LabelRow[] {
  return wmtRows(data, languages).map(({ sentence, judge, systems, ranks: [first, second] }) => ({
    group: sentence,
    item: systems.join(' '),
    annotator: judge,
    label: first === second ? '=' : first < second ? '<' : '>',
  }));
}

/** The same judgements as the rankings that they were made from. */
export function wmtRankings(data: string, languages: string): RankingRow[] {
  const rankings = new Map<string, { sentence: string; judge: string; rankOf: Map<string, number> }>();
  for (const { sentence, judge, systems, ranks, ranking } of wmtRows(data, languages)) {
    const found = rankings.get(ranking) ?? { sentence, judge, rankOf: new Map<string, number>() };
    rankings.set(ranking, found);
    for (const [at, system] of systems.entries()) found.rankOf.set(system, ranks[at] as number);
  }
  return [...rankings.values()].map(({ sentence, judge, rankOf }) => ({
    item: sentence,
    annotator: judge,
    responses: [...rankOf.keys()],
    ranks: [...rankOf.values()],
  }));
}

/** Which of two arguments convinces more: five workers a pair. */
export function argumentLabels(data: string): LabelRow[] {
  return text(data, 'ukpconvarg1/pairs.jsonl.gz')
    .trim()
    .split('\n')
    .flatMap((line) => {
      const { id, annotations } = JSON.parse(line) as { id: string; annotations: { annotator: string; value: string }[] };
      return annotations.map(({ annotator, value }) => ({ item: id, annotator, label: value }));
    });
}

/** Published by the workshop, to three digits: agreement, chance, kappa, then the counts. */
export const wmtPublished = {
  'tur-eng': { inter: [0.554, 0.345, 0.319, 349, 630, 2367, 9684], intra: [0.714, 0.352, 0.559, 45, 63, 136, 610] },
  'eng-tur': { inter: [0.548, 0.334, 0.322, 403, 735, 3540, 10095], intra: [0.574, 0.343, 0.352, 116, 202, 764, 1843] },
  'ron-eng': { inter: [0.586, 0.371, 0.341, 1793, 3062, 2101, 11978], intra: [0.755, 0.355, 0.621, 139, 184, 227, 1060] },
  'eng-ron': { inter: [0.593, 0.345, 0.379, 302, 509, 2110, 8642], intra: [0.704, 0.34, 0.552, 119, 169, 401, 1509] },
} as const;
