import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { readTrainingData } from '#lib/formats/training-data/read-training-data';

const folder = process.env.PLUMBLINE_TEST_DATA ?? '';

function read(file: string) {
  return readTrainingData([{ name: file, bytes: gunzipSync(readFileSync(join(folder, file))) }]);
}

describe.skipIf(!existsSync(join(folder, 'hh-rlhf')))('real files (needs PLUMBLINE_TEST_DATA)', () => {
  test.each([
    ['format-samples/dpo_zh_demo.json.gz', 'pairs', 300, ['repeated-row 11']],
    ['format-samples/kto_en_demo.json.gz', 'labels', 291, []],
    ['format-samples/glaive_toolcall_en_demo.json.gz', 'messages', 297, ['repeated-row 35']],
    ['format-samples/alpaca_en_demo.json.gz', 'completions', 993, ['repeated-row 14']],
    ['format-samples/c4_demo.jsonl.gz', 'text', 292, []],
    ['format-samples/v1_dpo_demo.jsonl.gz', 'pairs', 10, []],
    ['format-samples/v1_sft_demo.jsonl.gz', 'messages', 497, ['repeated-row 1']],
    ['hh-rlhf/harmless-base.train.jsonl.gz', 'pairs', 1382, ['empty-answer 1']],
    ['hh-rlhf/helpful-online.train.jsonl.gz', 'pairs', 738, ['empty-answer 3', 'identical-pair 2']],
    ['hh-rlhf/helpful-rejection-sampled.train.jsonl.gz', 'pairs', 1873, ['identical-pair 22']],
    ['gsm8k/test.jsonl.gz', 'completions', 1319, []],
    ['lima/lima.json.gz', 'completions', 973, []],
    ['oasst-zh/oaast_rm_zh.json.gz', 'rankings', 508, ['identical-responses 5']],
    ['oasst-zh/oaast_sft_zh.json.gz', 'completions', 412, ['repeated-row 2']],
  ])('%s', (file, form, rows, notes) => {
    const data = read(file);
    expect(data.form).toBe(form);
    expect(data.rows.length).toBe(rows);
    expect(data.notes.map(({ count, kind }) => `${kind} ${count}`).sort()).toEqual(notes);
  });

  test('hh-rlhf: prompt and answers put together are the dialogues of the file', () => {
    const file = 'hh-rlhf/helpful-base.train.jsonl.gz';
    const data = read(file);
    if (data.form !== 'pairs') throw new Error(data.form);
    const lines = gunzipSync(readFileSync(join(folder, file)))
      .toString('utf8')
      .split('\n');
    let later = 0;
    for (const { chosen, place, prompt, rejected } of data.rows) {
      const written = JSON.parse(lines[Number(place.split(' ').at(-1)) - 1] ?? '') as { chosen: string; rejected: string };
      expect([`${prompt}${chosen}`, `${prompt}${rejected}`]).toEqual([written.chosen, written.rejected]);
      expect(String(prompt).endsWith('\n\nAssistant:')).toBe(true);
      if (`${chosen}${rejected}`.includes('\n\nAssistant:')) later += 1;
    }
    // dialogues that part before their last answer
    expect(later).toBe(5);
    expect(data.notes.map(({ count, kind }) => [kind, count])).toEqual([
      ['empty-answer', 4],
      ['identical-pair', 1],
    ]);
  });

  test('oasst-zh: rankings have as many answers as its readme says', () => {
    const data = read('oasst-zh/oaast_rm_zh.json.gz');
    const sizes: Record<number, number> = {};
    if (data.form === 'rankings') for (const { responses } of data.rows) sizes[responses.length] = (sizes[responses.length] ?? 0) + 1;
    expect(sizes).toEqual({ 2: 279, 3: 176, 4: 43, 5: 9, 8: 1 });
  });
});
