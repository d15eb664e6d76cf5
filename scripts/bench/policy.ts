/**
 * `npm run bench:policy [-- --seeds 1,2,3 --out docs/pictures --json]`: PPO on a real policy of 260,032 parameters, towards a reward model that learned from
 * simulated rankings, measured by the gold that the rankings come from and that no trainer sees. Each seed twice: with the price of a nat, and without
 * it, where the proxy rises and the gold falls. Needs PLUMBLINE_TEST_DATA with stories260k. Prints a line of JSON a run or the table, writes the curves as SVG.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { benchEngine } from './bench-engine';
import { curvesSvg } from './policy-curves';
import { createWorld, type PolicyRun, runSeed, type Variant, variants } from './policy-run';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1,2,3' },
    variants: { type: 'string', default: Object.keys(variants).join(',') },
    out: { type: 'string' },
    /** Runs that were printed by --json before: only the table and the picture are made. */
    from: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});

const plain = (value: number, digits = 2) => value.toFixed(digits).replace('-', '−');
const signed = (value: number, digits = 2) => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(digits)}`;

function table(runs: readonly PolicyRun[]): string {
  const ordered = [...runs].sort((a, b) => b.variant.localeCompare(a.variant) || a.seed - b.seed);
  const lines = ordered.map((run) => {
    const { after, before, curve, proxyAccuracy, seed, variant } = run;
    const rise = after.gold - before.gold;
    const cells = [
      seed,
      variant,
      proxyAccuracy?.toFixed(3) ?? '–',
      `${before.gold.toFixed(2)} (${before.goldSpread.toFixed(2)})`,
      plain(after.gold),
      plain(Math.min(...curve.map(({ gold }) => gold))),
      `${signed(rise)} = ${signed(rise / before.goldSpread)} sd`,
      after.kl.toFixed(1),
      `${signed(curve[0]?.proxy ?? Number.NaN)} → ${signed(curve.at(-1)?.proxy ?? Number.NaN)}`,
      after.repeated2.toFixed(3),
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return [
    '| seed | price of a nat | proxy accuracy | SFT gold (sd) | gold after | lowest on the way | change | KL, nats an answer | proxy, first → last step | repeated pairs |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |',
    ...lines,
  ].join('\n');
}

async function measureAll(): Promise<PolicyRun[]> {
  const data = process.env.PLUMBLINE_TEST_DATA;
  if (!data) throw new Error('Set PLUMBLINE_TEST_DATA to the folder that holds stories260k.');
  const world = await createWorld(await benchEngine(), join(data, 'stories260k'));
  const wanted = values.variants.split(',') as Variant[];
  const runs: PolicyRun[] = [];
  for (const seed of values.seeds.split(',').map(Number)) {
    for await (const run of runSeed(world, seed, wanted)) {
      runs.push(run);
      if (values.json) console.log(JSON.stringify(run));
      else
        console.error(
          `seed ${seed}, ${run.variant}: gold ${run.before.gold.toFixed(3)} to ${run.after.gold.toFixed(3)}, KL ${run.after.kl.toFixed(2)}`,
        );
    }
  }
  return runs;
}

function readRuns(file: string): PolicyRun[] {
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as PolicyRun);
}

const runs = values.from === undefined ? await measureAll() : readRuns(values.from);
if (values.out !== undefined) {
  mkdirSync(values.out, { recursive: true });
  writeFileSync(join(values.out, 'ppo-gold.svg'), curvesSvg(runs));
}
if (!values.json) console.log(table(runs));
process.exit(0);
