import { existsSync, rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createRandom } from '#lib/domain/random';
import { type CliRun, scratchFolder } from '../cli/run-cli';
import { type DataFile, TrainingWorld } from './training-world';

/** Two by default; `npm run test:resume` takes ten. */
const moments = Number(process.env.PLUMBLINE_RESUME_MOMENTS ?? '2');
const killsOfRun = 2;

vi.setConfig({ testTimeout: 900_000, hookTimeout: 900_000 });

const world = new TrainingWorld(scratchFolder());
afterAll(() => rmSync(world.folder, { recursive: true, force: true }));

interface Case {
  readonly algorithm: string;
  readonly data: DataFile;
  readonly set: readonly string[];
  readonly reward?: true;
}

const rollouts = ['steps=5', 'rolloutBatchSize=4', 'maxNewTokens=6', 'checkpointEvery=1', 'evaluateEvery=2', 'samplePrompts=2'];
const examples = ['epochs=2', 'batchSize=3', 'checkpointEvery=1', 'samplePrompts=2', 'learningRate=1e-3'];
const answered = [...examples, 'maxNewTokens=6'];
/** Full fine-tuning and adapters, single models and ensembles: small, and every kind of state is in one of them. */
const cases: readonly Case[] = [
  { algorithm: 'sft', data: 'conversations.jsonl', set: answered },
  { algorithm: 'reward', data: 'rankings.jsonl', set: [...examples, 'members=2', 'terms.length=true'] },
  {
    algorithm: 'ppo',
    data: 'prompts.jsonl',
    set: [...rollouts, 'minibatchSize=2', 'innerEpochs=1', 'emaDecay=0.9', 'lora.rank=2'],
    reward: true,
  },
  { algorithm: 'dpo', data: 'pairs.jsonl', set: [...answered, 'keepBest=true'] },
  { algorithm: 'kto', data: 'labels.jsonl', set: [...answered, 'lora.rank=2'] },
  { algorithm: 'rloo', data: 'prompts.jsonl', set: [...rollouts, 'samplesPerPrompt=2', 'reward={"rule":"match","pattern":"a"}'] },
  {
    algorithm: 'grpo',
    data: 'prompts.jsonl',
    set: [...rollouts, 'samplesPerPrompt=2', 'lora.rank=2', 'reward={"rule":"match","pattern":"a"}'],
  },
];

beforeAll(async () => {
  const made = await world.train('reward', { data: 'rankings.jsonl', out: 'reward', more: ['--set', ...examples] });
  expect(made.code, made.stderr).toBe(0);
});

const random = createRandom(Date.now() % 2 ** 31, 'kill moments');

/** A moment in a process's life: after so many steps and a part of one more, or while it starts. */
function drawMoment(steps: number, full: { readonly start: number; readonly step: number }) {
  const rows = random.integer(steps);
  return { rows, delay: Math.round(random.next() * 1.2 * (rows === 0 ? full.start : full.step)) };
}

async function killed(start: () => ReturnType<TrainingWorld['start']>, { delay, rows }: { rows: number; delay: number }): Promise<CliRun> {
  const running = start();
  await running.untilPrinted(rows);
  await new Promise((resolve) => setTimeout(resolve, delay));
  running.child.kill('SIGKILL');
  return running.ended;
}

describe.each(cases)('train $algorithm', ({ algorithm, data, reward, set }) => {
  it(`ends with the same bits after SIGKILL at ${moments} moments`, async () => {
    const more = ['--set', ...set, ...(reward ? ['--reward', world.at('reward')] : [])];
    const begun = performance.now();
    const running = world.start(algorithm, { data, out: `${algorithm}-whole`, more });
    await running.untilPrinted(1);
    const startTime = performance.now() - begun;
    const whole = await running.ended;
    expect(whole.code, whole.stderr).toBe(0);
    const expected = { files: world.files(`${algorithm}-whole`), metrics: world.metrics(`${algorithm}-whole`) };
    const steps = expected.metrics.length;
    const full = { start: startTime, step: (performance.now() - begun - startTime) / steps };

    for (let run = 0; run < Math.ceil(moments / killsOfRun); run += 1) {
      const out = `${algorithm}-${run}`;
      const drawn: { rows: number; delay: number }[] = [];
      const start = () => {
        const resume = existsSync(world.at(out, 'run.json'));
        return world.start(algorithm, { data, out, more: [...more, ...(resume ? ['--resume'] : [])] });
      };
      for (let kill = 0; kill < killsOfRun; kill += 1) {
        const moment = drawMoment(steps - kill, full);
        drawn.push(moment);
        await killed(start, moment);
      }
      const end = await start().ended;
      const where = `killed at ${JSON.stringify(drawn)}\n${end.stderr}`;
      expect(end.code, where).toBe(0);
      expect(world.metrics(out), where).toEqual(expected.metrics);
      const files = world.files(out);
      expect([...files.keys()], where).toEqual([...expected.files.keys()]);
      const other = [...files].filter(([name, bytes]) => !expected.files.get(name)?.equals(bytes)).map(([name]) => name);
      expect(other, where).toEqual([]);
    }
  });
});
