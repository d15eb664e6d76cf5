import { randomUUID } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { describeLoop } from '../../support/loop-state';
import { writeLlama2c } from './llama2c-files';
import { type CliOptions, failureOf, runCli, scratchFolder, startCli } from './run-cli';

const folder = scratchFolder();
let database: TestDatabase;
let options: CliOptions;
let modelId: string;
/**
 * Bytes beside each other that are no text read alike, and most of the fixture's tokens are bytes: without words one round in thirty finds
 * nothing to rank. (The noise is keyed by the ids of the prompts, which are new each time.)
 */
const words = Array.from({ length: 1000 }, (_, index) => `x${index}`);
const sizes = ['--set', 'promptsPerRound=4', '--set', 'evaluation.prompts=2', '--set', 'evaluation.comparisons=1'];

const cli = (...args: string[]) => runCli([...args, '--json'], options);
const create = (name: string, ...more: string[]) =>
  cli('loop', 'create', '--project', 'tales', '--name', name, '--model', 'tiny', '--dataset', 'prompts', ...more);

beforeAll(async () => {
  database = await createTestDatabase();
  options = { home: path.join(folder, 'home'), databaseUrl: database.url };
  const { weights, tokenizer } = writeLlama2c(folder, words);
  const model = path.join(folder, 'tiny');
  const prompts = path.join(folder, 'prompts.jsonl');
  writeFileSync(prompts, Array.from({ length: 60 }, (_, index) => `${JSON.stringify({ prompt: `a b ${index}` })}\n`).join(''));
  await Promise.all([
    cli('projects', 'create', '--name', 'Tales'),
    cli('models', 'convert', '--from', 'llama2c', '--weights', weights, '--tokenizer', tokenizer, '--out', model),
  ]);
  const [imported, data] = await Promise.all([
    cli('models', 'import', model, '--project', 'tales', '--name', 'tiny'),
    cli('data', 'import', prompts, '--project', 'tales'),
  ]);
  expect([imported.code, data.code]).toEqual([0, 0]);
  modelId = String(imported.json.modelId);
});

afterAll(async () => {
  await database.drop();
  rmSync(folder, { recursive: true, force: true });
});

describe('loop', () => {
  it('refuses settings and names that are not there, before anything is made', async () => {
    const config = path.join(folder, 'config.json');
    writeFileSync(config, '{"overlap": 2,');
    const runs = await Promise.all([
      create('x', '--set', 'promtsPerRound=4'),
      create('x', '--set', 'policy.stepz=3'),
      create('x', '--set', 'overlap=many'),
      create('x', '--set', 'overlap'),
      create('x', '--config', config),
      cli('loop', 'create', '--project', 'tales', '--name', 'x', '--model', 'tinny', '--dataset', 'prompts'),
      create('x', '--set', 'promptsPerRound=4000', '--set', 'evaluation.prompts=2'),
    ]);
    expect(runs.map((run) => run.code)).toEqual([2, 2, 2, 2, 2, 2, 1]);
    const [unknown, trainer, value, form, file, model, size] = runs.map(failureOf);
    expect(unknown).toMatchObject({
      message: 'The setting "promtsPerRound": there is no such setting.',
      details: { field: 'promtsPerRound' },
    });
    expect(trainer?.message).toContain('stepz');
    expect(value?.details).toMatchObject({ field: 'overlap' });
    expect(form?.message).toBe('--set overlap is not of the form key=value.');
    expect(file).toMatchObject({ details: { file: config } });
    expect(file?.message).toContain('is not JSON');
    expect(model).toMatchObject({ message: 'The project has no model "tinny".', remedy: 'There are: "tiny".' });
    expect(size?.code).toBe('PRECONDITION');
    expect(await database.db.loop.count()).toBe(0);
  });

  it('makes a loop from a file and --set, starts, shows, pauses, resumes and cancels it', async () => {
    const config = path.join(folder, 'settings.json');
    writeFileSync(config, JSON.stringify({ seed: 5, overlap: 2, sampling: { temperature: 0.7 } }));
    // By id here, by name in the other cases.
    const made = await cli(
      ...['loop', 'create', '--project', 'tales', '--name', 'first', '--model', modelId, '--dataset', 'prompts', '--config', config],
      ...[...sizes, '--set', 'overlap=1'],
    );
    expect(made.code).toBe(0);
    const loopId = String(made.json.loopId);
    const row = await database.db.loop.findUniqueOrThrow({ where: { id: loopId } });
    expect(row.config).toMatchObject({
      seed: 5,
      overlap: 1,
      promptsPerRound: 4,
      sampling: { temperature: 0.7 },
      evaluation: { prompts: 2 },
    });

    // What was not given comes from the preset for small policies, and the answer tells it.
    expect(made.json.config).toEqual(row.config);
    expect(row.config).toMatchObject({ sampling: { temperature: 0.7, maxNewTokens: 44 }, policy: { steps: 16, temperature: 0.7 } });

    const before = await runCli(['loop', 'status', 'first'], options);
    expect(before.stdout).toContain('not started');
    const started = await cli('loop', 'start', 'first');
    expect(started.json).toMatchObject({ loopId });
    expect(started.stderr).toContain('no worker runs');
    const again = await cli('loop', 'start', loopId);
    expect(again.json.roundId).toBe(started.json.roundId);

    const status = await cli('loop', 'status', 'first', '--project', 'tales');
    expect(status.json.loop).toMatchObject({
      id: loopId,
      status: 'RUNNING',
      rounds: [{ ordinal: 1, stage: 'SAMPLING', status: 'RUNNING' }],
    });
    const forPeople = await runCli(['loop', 'status', 'first'], options);
    expect(forPeople.stdout).toMatch(/stage +round 1\n-+ +-+\nsampling +▸ runs/);

    const early = await cli('loop', 'gate', 'first', 'override', '--reason', 'because');
    expect(failureOf(early)).toMatchObject({ code: 'CONFLICT' });
    expect(failureOf(early).message).toContain('does not wait at the reward gate: it is at sampling');
    const paused = await cli('loop', 'pause', 'first', '--reason', 'lunch');
    expect(paused.json).toMatchObject({ status: 'PAUSED' });
    expect((await cli('loop', 'resume', 'first')).json).toMatchObject({ status: 'RUNNING' });
    expect((await cli('loop', 'cancel', 'first')).json).toMatchObject({ status: 'CANCELLED' });
    const over = await cli('loop', 'resume', 'first');
    expect([over.code, failureOf(over).code]).toEqual([1, 'CONFLICT']);
    expect((await cli('loop', 'list', '--project', 'tales')).json.loops).toMatchObject([{ name: 'first', status: 'CANCELLED', rounds: 1 }]);
  });

  it('asks which project where two have a loop of one name', async () => {
    const [made] = await Promise.all([create('twin', ...sizes), cli('projects', 'create', '--name', 'Other')]);
    expect(made.code).toBe(0);
    const other = await database.db.project.findUniqueOrThrow({ where: { slug: 'other' } });
    const { id: _, ...row } = await database.db.loop.findUniqueOrThrow({ where: { id: String(made.json.loopId) } });
    await database.db.loop.create({ data: { ...row, config: row.config as object, projectId: other.id } });
    const [unclear, clear] = await Promise.all([cli('loop', 'status', 'twin'), cli('loop', 'status', 'twin', '--project', 'tales')]);
    expect([unclear.code, clear.code]).toEqual([2, 0]);
    expect(failureOf(unclear).message).toBe('2 projects have a loop "twin": tales, other.');
  });

  it('is watched until Ctrl-C, which ends the watch with what it showed last', async () => {
    const made = await create('watched', ...sizes);
    const watching = startCli(['loop', 'status', 'watched', '--watch', '--json'], options);
    await watching.untilSaid('not started');
    await cli('loop', 'start', 'watched');
    await watching.untilSaid('▸ runs');
    watching.child.kill('SIGINT');
    const ended = await watching.ended;
    expect(ended.code).toBe(0);
    expect(ended.json.loop).toMatchObject({ id: made.json.loopId, rounds: [{ stage: 'SAMPLING' }] });
  });
});

describe('worker', () => {
  it('registers, samples for a loop in a child process, and leaves on Ctrl-C', async () => {
    const made = await create('sampled', ...sizes, '--set', 'sampling.maxNewTokens=4', '--set', 'sampling.batchSize=8');
    await cli('loop', 'start', 'sampled');
    const loopId = String(made.json.loopId);
    const worker = startCli(['worker', '--json'], { ...options, env: { PLUMBLINE_ENGINE: 'wasm' } });
    onTestFinished(() => void worker.child.kill('SIGKILL'));
    await worker.untilSaid('Ctrl-C ends it');
    const deadline = Date.now() + 100_000;
    const look = () => database.db.round.findFirstOrThrow({ where: { loopId }, select: { stage: true, status: true } });
    let round = await look();
    while (round.stage === 'SAMPLING' && round.status === 'RUNNING' && Date.now() < deadline) {
      await sleep(300);
      round = await look();
    }
    if (round.stage === 'SAMPLING')
      throw new Error(`The round stays at sampling.\n${await describeLoop(database.db, loopId)}\n${worker.said()}`);
    expect(round).toEqual({ stage: 'LABELING', status: 'WAITING' });
    expect(await database.db.workerProcess.count()).toBe(1);
    worker.child.kill('SIGTERM');
    const ended = await worker.ended;
    expect(ended.code).toBe(0);
    expect(ended.json).toMatchObject({ queues: ['general', 'chat', 'compute-cpu'], stopped: true });
    expect(await database.db.workerProcess.count()).toBe(0);
    expect(await database.db.response.count({ where: { run: { round: { loopId } } } })).toBe(16);
  });

  it('refuses a queue that is not there', async () => {
    const run = await cli('worker', '--queues', 'general,gpu');
    expect([run.code, failureOf(run).remedy]).toEqual([2, 'Choose from general, chat, compute-cpu, compute-gpu.']);
  });
});

describe('people and lineage', () => {
  it('makes links that the pages accept', async () => {
    const [admin, member, wrong] = await Promise.all([
      runCli(['people', 'first-admin', '--json'], { ...options, env: { PUBLIC_URL: 'https://plumbline.example.org/' } }),
      runCli(['people', 'invite', '--project', 'tales', '--roles', 'annotator,reviewer', '--json'], { ...options, env: { PORT: '4601' } }),
      cli('people', 'invite', '--project', 'tales', '--roles', 'boss'),
    ]);
    expect(admin.json.link).toMatch(/^https:\/\/plumbline\.example\.org\/join\/[\w-]{43}$/);
    expect(member.json.link).toMatch(/^http:\/\/localhost:4601\/join\/[\w-]{43}$/);
    expect(await database.db.invitation.findUnique({ where: { id: String(member.json.invitationId) } })).toMatchObject({
      kind: 'MEMBER',
      roles: ['ANNOTATOR', 'REVIEWER'],
    });
    expect([wrong.code, failureOf(wrong).message]).toEqual([2, 'There is no role "boss".']);
    await database.db.user.create({ data: { email: 'a@example.org', name: 'A', isSystemAdmin: true } });
    const late = await cli('people', 'first-admin');
    expect([late.code, failureOf(late).message]).toEqual([1, 'This installation has an admin.']);
  });

  it('answers for a model that no label reached, and refuses ids that are none', async () => {
    const [model, nothing, label, word] = await Promise.all([
      cli('lineage', 'checkpoint', modelId),
      cli('lineage', 'checkpoint', randomUUID()),
      cli('lineage', 'label', randomUUID()),
      cli('lineage', 'label', 'tiny'),
    ]);
    expect(model.json).toMatchObject({ id: modelId, kind: 'model', count: 0, labels: [] });
    expect([nothing.code, label.code, word.code]).toEqual([2, 2, 2]);
    expect(failureOf(label).message).toBe('There is no such label.');
    expect(failureOf(word).message).toBe('"tiny" is not the id of a label.');
  });
});
