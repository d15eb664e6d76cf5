import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, truncateSync, writeSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { folderRanges } from '#lib/blobs/file-ranges';
import { readAdapter } from '#lib/ml/models/adapter-folder';
import { readModel } from '#lib/ml/models/hugging-face';
import { failureOf, scratchFolder } from '../cli/run-cli';
import { TrainingWorld } from './training-world';

/** These look at files and messages, not at numbers: the engine that starts fastest. */
const env = { PLUMBLINE_ENGINE: 'wasm' };
const world = new TrainingWorld(scratchFolder());
afterAll(() => rmSync(world.folder, { recursive: true, force: true }));

const small = ['--set', 'epochs=2', 'batchSize=3', 'checkpointEvery=1', 'samplePrompts=1', 'maxNewTokens=4', 'learningRate=1e-3'];
const dpo = (out: string, more: readonly string[] = [], data: 'pairs.jsonl' | 'labels.jsonl' = 'pairs.jsonl') =>
  world.start('dpo', { data, out, more: [...small, ...more], env });
const steps = (out: string) => readdirSync(world.at(out, 'checkpoints')).sort();
const kept = (out: string) => ({ files: world.files(out), metrics: world.metrics(out) });

describe('a run', () => {
  it('prints a line of JSON a step and the result last, and leaves folders that load', async () => {
    const done = await dpo('whole', ['lora.rank=2']).ended;
    expect(done.code, done.stderr).toBe(0);
    const printed = done.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(printed.slice(0, -1).map(({ step, totalSteps }) => [step, totalSteps])).toEqual([1, 2, 3, 4, 5, 6].map((step) => [step, 6]));
    expect(printed.at(-1)).toMatchObject({ algorithm: 'dpo', out: world.at('whole'), steps: 6, resumedFrom: null, result: { steps: 6 } });
    const logged = readFileSync(world.at('whole', 'metrics.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    expect(logged).toEqual(printed.slice(0, -1));

    const model = await readModel(await folderRanges(world.at('whole')), 'whole');
    const base = await readModel(await folderRanges(world.at('model')), 'model');
    const adapter = await readAdapter(await folderRanges(world.at('whole', 'adapter')), 'adapter');
    expect(adapter.config).toMatchObject({ rank: 2, alpha: 16 });
    // merged: W + (alpha / rank) B A
    const name = 'model.layers.0.mlp.down_proj';
    const [down, up] = ['A', 'B'].map((each) => adapter.tensors.get(`${name}.lora_${each}.weight`));
    const [rows = 0, columns = 0] = model.weights.get(`${name}.weight`)?.shape ?? [];
    const merged = model.weights.get(`${name}.weight`)?.data as Float32Array;
    const plain = base.weights.get(`${name}.weight`)?.data as Float32Array;
    let moved = 0;
    for (let row = 0; row < rows; row += 1) {
      for (let column = 0; column < columns; column += 1) {
        let delta = 0;
        for (let k = 0; k < 2; k += 1) delta += (up?.data[row * 2 + k] as number) * (down?.data[k * columns + column] as number);
        const at = row * columns + column;
        expect(merged[at]).toBeCloseTo((plain[at] as number) + 8 * delta, 5);
        moved = Math.max(moved, Math.abs((merged[at] as number) - (plain[at] as number)));
      }
    }
    expect(moved).toBeGreaterThan(1e-4);
    expect(readFileSync(world.at('whole', 'README.md'), 'utf8')).toContain('| lora.rank | 2 | --set |');
    const record = JSON.parse(readFileSync(world.at('whole', 'training.json'), 'utf8')) as Record<string, unknown>;
    expect(record).toMatchObject({
      algorithm: 'dpo',
      seed: 1,
      engine: { backend: 'wasm' },
      inputs: { model: { path: world.at('model') } },
    });
    // what has finished is told again, and nothing is changed
    const again = await dpo('whole', ['lora.rank=2', '--resume']).ended;
    expect(again.json).toMatchObject({ finished: true, steps: 6 });
  });

  it('says with --dry-run what it would do, and writes nothing', async () => {
    const { code, json } = await dpo('dry', ['--dry-run']).ended;
    expect(code).toBe(0);
    expect(json).toMatchObject({
      dryRun: true,
      totalSteps: 6,
      counts: { 'pairs for training': 9, 'pairs for validation': 3 },
      parameters: { trained: 2992, frozen: 2992 },
      config: { learningRate: { value: 1e-3, from: '--set' }, beta: { value: 0.1, from: 'default' } },
    });
    expect(existsSync(world.at('dry'))).toBe(false);
  });
});

describe('a run that is stopped', () => {
  it('finishes its step after SIGTERM, writes a checkpoint, and goes on to the same end', async () => {
    // long enough that it does not end before the signal comes
    const long = ['epochs=60', 'checkpointEvery=1000', 'evaluateEvery=50'];
    const undisturbed = await dpo('undisturbed', long).ended;
    expect(undisturbed.code, undisturbed.stderr).toBe(0);
    const running = dpo('stopped', long);
    await running.untilPrinted(2);
    running.child.kill('SIGTERM');
    const stopped = await running.ended;
    expect(stopped.code).toBe(130);
    expect(failureOf(stopped)).toMatchObject({ code: 'CANCELLED', remedy: 'Run the same command with --resume for the rest.' });
    const { step } = failureOf(stopped).details as { step: number };
    expect(step).toBeGreaterThanOrEqual(2);
    expect(steps('stopped')).toEqual([`step-${step}`]);

    const refusals: [readonly string[], RegExp][] = [
      [[...long, 'beta=0.2', '--resume'], /the setting beta: 0\.1 instead of 0\.2/],
      [long, /holds a run already/],
    ];
    for (const [more, message] of refusals) {
      const refused = await dpo('stopped', more).ended;
      expect(refused.code).not.toBe(0);
      expect(failureOf(refused).message).toMatch(message);
    }
    const resumed = await dpo('stopped', [...long, '--resume']).ended;
    expect(resumed.json).toMatchObject({ resumedFrom: step, steps: 180 });
    const [there, here] = [kept('undisturbed'), kept('stopped')];
    expect(here.metrics).toEqual(there.metrics);
    expect(here.files.get('model.safetensors')?.equals(there.files.get('model.safetensors') as Buffer)).toBe(true);
    expect(here.files.get('samples.jsonl')?.equals(there.files.get('samples.jsonl') as Buffer)).toBe(true);
  });

  it('falls back to the checkpoint before a damaged one, and lets nobody else in', async () => {
    const whole = await dpo('intact').ended;
    expect(whole.code, whole.stderr).toBe(0);
    const running = dpo('damaged');
    await running.untilPrinted(3);
    const second = await dpo('damaged', ['--resume']).ended;
    if (running.child.exitCode === null) expect(failureOf(second)).toMatchObject({ code: 'CONFLICT' });
    await running.ended;
    // as if it had been killed behind its fifth step, with the newest checkpoint torn
    for (const name of ['training.json', 'model.safetensors']) rmSync(world.at('damaged', name));
    truncateSync(world.at('damaged', 'checkpoints', 'step-6', 'state.safetensors'), 1000);
    const resumed = await dpo('damaged', ['--resume']).ended;
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(resumed.stderr).toMatch(/The checkpoint of step 6 is damaged .*; going on from that of step 5\./);
    expect(resumed.json).toMatchObject({ resumedFrom: 5 });
    expect(kept('damaged')).toEqual(kept('intact'));
  });

  const mayMount = process.platform === 'linux' && process.getuid?.() === 0;
  it.skipIf(!mayMount)(
    'says that the disk is full, keeps its last checkpoint, and goes on when there is space (mounts a small disk: root on Linux)',
    async () => {
      const long = ['epochs=40'];
      const whole = await dpo('roomy', long).ended;
      expect(whole.code, whole.stderr).toBe(0);
      const disk = world.at('disk');
      mkdirSync(disk);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', disk]);
      try {
        const running = dpo('disk/run', long);
        await running.untilPrinted(2);
        const filler = openSync(world.at('disk', 'filler'), 'w');
        expect(() => {
          for (;;) writeSync(filler, Buffer.alloc(4096));
        }).toThrow(/ENOSPC/);
        closeSync(filler);
        const full = await running.ended;
        expect(full.code, full.stderr).toBe(3);
        expect(failureOf(full)).toMatchObject({ code: 'DISK_FULL' });
        const before = await dpo('disk/other', long).ended;
        expect(before.code).toBe(3);
        expect(failureOf(before).message).toMatch(/needs about .* of disk/);
        rmSync(world.at('disk', 'filler'));
        const resumed = await dpo('disk/run', [...long, '--resume']).ended;
        expect(resumed.code, resumed.stderr).toBe(0);
        expect(resumed.json.resumedFrom).toBeGreaterThan(0);
        expect(kept('disk/run')).toEqual(kept('roomy'));
      } finally {
        execFileSync('umount', ['-l', disk]);
      }
    },
  );
});

describe('evaluate', () => {
  it('measures reward models and policies', async () => {
    const reward = world.at('judge');
    const made = await world.train('reward', {
      data: 'rankings.jsonl',
      out: 'judge',
      more: ['--set', 'epochs=1', 'batchSize=9', 'members=2'],
      env,
    });
    expect(made.code, made.stderr).toBe(0);
    const report = await world.run('evaluate', 'reward', '--model', reward, '--data', world.at('rankings.jsonl'));
    expect(report.json).toMatchObject({ n: 30, ties: 6, prompts: 12, verdict: expect.stringContaining('the longer answer is better') });
    const { accuracy, ece, high, lengthBaseline, low } = report.json as Record<string, number>;
    for (const value of [accuracy, low, high, ece, lengthBaseline]) expect(value).toBeGreaterThanOrEqual(0);
    expect(low).toBeLessThanOrEqual(accuracy as number);
    const same = [
      'evaluate',
      'policy',
      '--model',
      world.at('model'),
      '--reference',
      world.at('model'),
      '--prompts',
      world.at('prompts.jsonl'),
    ];
    const policy = await world.run(...same, '--reward', reward, '--samples', '2', '--max-new-tokens', '6');
    expect(policy.json).toMatchObject({ kl: 0, winRate: 0.5, ties: 24, n: 24, prompts: 12 });
    expect(policy.json.reward).toBe((policy.json.reference as { reward: number }).reward);
    const ruled = await world.run(...same, '--reward-spec', '{"rule":"ends"}', '--max-new-tokens', '6');
    expect(ruled.json.reward).toBe(ruled.json.eosRate);
    const neither = await world.run(...same);
    expect(failureOf(neither).message).toMatch(/Nothing says what answers are worth/);
  });
});
