import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { LoopConfigInput } from '#lib/domain/loop-config';
import { cancelLoop } from '#lib/services/loops/cancel-loop';
import { closeTasks } from '#lib/services/loops/close-tasks';
import { createLoop } from '#lib/services/loops/create-loop';
import { decideGate } from '#lib/services/loops/decide-gate';
import { decideRound } from '#lib/services/loops/decide-round';
import { getGate } from '#lib/services/loops/get-gate';
import { getLoop } from '#lib/services/loops/get-loop';
import { listLoops } from '#lib/services/loops/list-loops';
import { pauseLoop } from '#lib/services/loops/pause-loop';
import { resumeLoop } from '#lib/services/loops/resume-loop';
import { startLoop } from '#lib/services/loops/start-loop';
import { endRun } from '#lib/services/runs/end-run';
import { claimQueued, drainGeneral, finishQueued } from '../../support/drive-loop';
import { createMember } from '../../support/labeling';
import { actor, createBench, createTestProject, type LoopBench, quickConfig, type TestLoop } from '../../support/loop';
import { rankAll } from '../../support/rank-all';

describe('a round moves', () => {
  let bench: LoopBench;
  let project: TestLoop;
  let loopId: string;
  let names = 0;

  const view = () => getLoop(bench.deps, actor, { loopId });
  const round = async () => (await view()).rounds.at(-1)!;
  const start = async (config: LoopConfigInput = {}) => {
    names += 1;
    ({ loopId } = await createLoop(bench.deps, actor, { ...project, name: `Loop ${names}`, config: { ...quickConfig, ...config } }));
    await startLoop(bench.deps, actor, { loopId });
    await drainGeneral(bench.deps);
  };
  const label = async () => {
    await rankAll(bench.deps, project.projectId);
    await drainGeneral(bench.deps);
  };
  const stands = async () => {
    const { stage, status } = await round();
    return `${stage}/${status}`;
  };

  beforeAll(async () => {
    bench = await createBench();
  });
  beforeEach(async () => {
    project = await createTestProject(bench.deps);
  });
  afterEach(async () => {
    // The next test must find no run of this one in the queue.
    const open = await bench.deps.db.loop.findMany({ where: { status: { in: ['RUNNING', 'PAUSED'] } } });
    for (const loop of open) await cancelLoop(bench.deps, actor, { loopId: loop.id });
  });
  afterAll(() => bench?.drop());

  it('through every stage; a promoted policy starts the next round', async () => {
    await start({ decision: { rule: 'ask' } });
    expect(await stands()).toBe('SAMPLING/RUNNING');
    await finishQueued(bench.deps);
    expect(await view()).toMatchObject({
      waiting: { kind: 'labels', for: 'ANNOTATOR', figure: { kind: 'labels', filled: 0, wanted: 16 } },
    });
    await rankAll(bench.deps, project.projectId, 15);
    expect(await stands()).toBe('LABELING/WAITING');
    expect(await bench.deps.db.outbox.count({ where: { doneAt: null } })).toBe(0);
    await label();
    expect(await stands()).toBe('REWARD_TRAINING/RUNNING');
    await finishQueued(bench.deps);
    expect(await stands()).toBe('POLICY_TRAINING/RUNNING');
    await finishQueued(bench.deps);
    expect(await stands()).toBe('EVALUATION/RUNNING');
    await finishQueued(bench.deps);
    expect(await view()).toMatchObject({ waiting: { kind: 'comparisons', figure: { kind: 'comparisons', filled: 0, wanted: 6 } } });
    const tasks = await bench.deps.db.task.findMany({
      where: { roundId: (await round()).id, purpose: 'EVALUATION' },
      include: { prompt: true, responses: true },
    });
    expect(tasks.map((task) => [task.prompt.split, task.responses.length])).toEqual(Array.from({ length: 6 }, () => ['TEST', 2]));
    await label();
    expect(await view()).toMatchObject({ waiting: { kind: 'decision', for: 'RESEARCHER' } });
    const person = await createMember(bench.deps.db, project.projectId, ['RESEARCHER'], 'Ada');
    const first = await round();
    await decideRound(bench.deps, person, { roundId: first.id, decision: 'promote', reason: 'Clearly better.' });
    await drainGeneral(bench.deps);
    const loop = await view();
    expect(loop.rounds).toHaveLength(2);
    expect(loop.rounds[1]).toMatchObject({ ordinal: 2, stage: 'SAMPLING', initPolicy: { id: loop.rounds[0]!.candidate!.id } });
    expect(loop.decisions[0]).toMatchObject({
      what: 'promoted',
      by: 'person',
      person: 'Ada',
      reason: 'Clearly better.',
      winRate: { n: 6 },
    });
    expect(loop.rounds[0]!.cells.map((cell) => cell.state)).toEqual(Array.from({ length: 8 }, () => 'DONE'));
    expect(await listLoops(bench.deps, person, { projectId: project.projectId })).toMatchObject([
      { rounds: 2, stage: 'SAMPLING', waitingFor: null },
    ]);
    await expect(decideRound(bench.deps, person, { roundId: first.id, decision: 'reject', reason: 'No.' })).rejects.toMatchObject({
      code: 'CONFLICT',
    });
  });

  const toGate = async (accuracyLow: number, config: LoopConfigInput = {}) => {
    await start({ gate: { minimumAccuracyLow: 0.6 }, ...config });
    await finishQueued(bench.deps);
    await label();
    await finishQueued(bench.deps, { accuracyLow });
  };

  it('stops at the gate below the rule; a researcher overrides with a reason that is kept', async () => {
    await toGate(0.55);
    expect(await stands()).toBe('REWARD_GATE/WAITING');
    const { id: roundId } = await round();
    expect(await getGate(bench.deps, actor, { roundId })).toMatchObject({ passes: false, required: 0.6, accuracy: { low: 0.55, n: 10 } });
    const annotator = await createMember(bench.deps.db, project.projectId, ['ANNOTATOR']);
    const decision = { roundId, decision: 'override', reason: 'Good enough for a first round.' } as const;
    await expect(decideGate(bench.deps, annotator, decision)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(decideGate(bench.deps, actor, { ...decision, reason: ' ' })).rejects.toThrow('reason');
    expect(await decideGate(bench.deps, actor, decision)).toEqual({ stage: 'POLICY_TRAINING', status: 'RUNNING' });
    const [latest] = (await view()).decisions;
    expect(latest).toMatchObject({
      what: 'gate-overridden',
      by: 'person',
      person: 'command line',
      reason: 'Good enough for a first round.',
      accuracy: { low: 0.55 },
      required: 0.6,
    });
    await expect(decideGate(bench.deps, actor, decision)).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  it('asks for more labels: the next round draws other prompts for the same policy', async () => {
    await toGate(0.3);
    const first = await round();
    await decideGate(bench.deps, actor, { roundId: first.id, decision: 'more-labels', reason: 'Too few.' });
    await drainGeneral(bench.deps);
    const second = await round();
    expect(second).toMatchObject({ ordinal: 2, stage: 'SAMPLING', initPolicy: { id: project.referenceId } });
    const [before, after] = await bench.deps.db.run.findMany({
      where: { kind: 'GENERATION', round: { loopId } },
      orderBy: { createdAt: 'asc' },
    });
    const promptsOf = (run: typeof before) => (run!.inputs as { promptIds: string[] }).promptIds;
    expect(promptsOf(after).filter((id) => promptsOf(before).includes(id))).toEqual([]);
    await finishQueued(bench.deps);
    await label();
    await finishQueued(bench.deps);
    const snapshots = await bench.deps.db.snapshot.findMany({
      where: { loopId },
      orderBy: { createdAt: 'asc' },
      include: { _count: { select: { annotations: true } } },
    });
    expect(snapshots.map((snapshot) => snapshot._count.annotations)).toEqual([16, 32]);
  });

  it('ends at the gate when a researcher stops it', async () => {
    await toGate(0.3);
    await decideGate(bench.deps, actor, { roundId: (await round()).id, decision: 'stop', reason: 'Wrong prompts.' });
    expect(await view()).toMatchObject({ status: 'DONE', waiting: null, rounds: [{ outcome: 'STOPPED' }] });
  });

  it('is moved on once by two people who fill the last two places at once', async () => {
    await start({ overlap: 2, promptsPerRound: 4 });
    await finishQueued(bench.deps);
    await Promise.all([rankAll(bench.deps, project.projectId, 99, 'One'), rankAll(bench.deps, project.projectId, 99, 'Two')]);
    await drainGeneral(bench.deps);
    expect(await stands()).toBe('REWARD_TRAINING/RUNNING');
    const moves = await bench.deps.db.roundTransition.findMany({ where: { roundId: (await round()).id, toStage: 'FREEZING' } });
    expect(moves).toHaveLength(1);
  });

  it('goes on with what is labeled when a researcher closes the rest, with a reason', async () => {
    const { deps } = bench;
    await start();
    await finishQueued(deps);
    const { id: roundId } = await round();
    await expect(closeTasks(deps, actor, { roundId, reason: 'Deadline.' })).rejects.toMatchObject({ code: 'PRECONDITION' });
    await rankAll(deps, project.projectId, 5);
    expect(await closeTasks(deps, actor, { roundId, reason: 'Deadline.' })).toEqual({ filled: 5, closed: 11 });
    await drainGeneral(deps);
    expect(await stands()).toBe('REWARD_TRAINING/RUNNING');
    expect(await rankAll(deps, project.projectId)).toBe(0);
    const snapshot = await deps.db.snapshot.findUniqueOrThrow({
      where: { roundId },
      include: { _count: { select: { annotations: true } } },
    });
    expect(snapshot._count.annotations).toBe(5);
    expect((await view()).decisions).toContainEqual(expect.objectContaining({ what: 'tasks-closed', reason: 'Deadline.' }));
    await expect(closeTasks(deps, actor, { roundId, reason: 'Again.' })).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  it('pauses where it stands and goes on from there', async () => {
    const { deps } = bench;
    await start();
    await pauseLoop(deps, actor, { loopId });
    expect(await stands()).toBe('SAMPLING/PAUSED');
    expect(await deps.db.run.count({ where: { status: 'QUEUED' } })).toBe(0);
    await resumeLoop(deps, actor, { loopId });
    expect(await stands()).toBe('SAMPLING/RUNNING');
    const claim = await claimQueued(deps);
    await pauseLoop(deps, actor, { loopId });
    expect(await deps.db.run.findUnique({ where: { id: claim.runId } })).toMatchObject({ status: 'RUNNING', pauseRequested: true });
    await endRun(deps, claim, { status: 'PAUSED', reason: null, reasonCode: null, resumable: true });
    expect(await view()).toMatchObject({ status: 'PAUSED', waiting: { kind: 'paused', for: 'RESEARCHER' } });
    await resumeLoop(deps, actor, { loopId });
    await finishQueued(deps);
    expect(await stands()).toBe('LABELING/WAITING');
    await pauseLoop(deps, actor, { loopId });
    await label();
    expect(await stands()).toBe('LABELING/PAUSED');
    await resumeLoop(deps, actor, { loopId });
    await label();
    expect(await stands()).toBe('REWARD_TRAINING/RUNNING');
  });

  it('keeps a pause that was asked for while a run ended', async () => {
    const { deps } = bench;
    await start();
    const paused = async () => pauseLoop(deps, actor, { loopId });
    await finishQueued(deps, { before: paused });
    expect(await stands()).toBe('LABELING/PAUSED');
    await resumeLoop(deps, actor, { loopId });
    expect(await stands()).toBe('LABELING/WAITING');
  });

  it('fails with the reason of its run, and goes on when a person says so', async () => {
    const { deps } = bench;
    await start();
    const claim = await claimQueued(deps);
    await endRun(deps, claim, { status: 'FAILED', reason: 'The disk is full.', reasonCode: 'DISK_FULL', resumable: true });
    expect(await view()).toMatchObject({
      waiting: { kind: 'failed', reason: 'The disk is full.', reasonCode: 'DISK_FULL', resumable: true },
    });
    await resumeLoop(deps, actor, { loopId });
    await finishQueued(deps);
    expect(await stands()).toBe('LABELING/WAITING');
  });

  it('is cancelled with its run and its open tasks, and stays so', async () => {
    const { deps } = bench;
    await start();
    await finishQueued(deps);
    await rankAll(deps, project.projectId, 3);
    await cancelLoop(deps, actor, { loopId, reason: 'Not needed.' });
    expect(await view()).toMatchObject({ status: 'CANCELLED', reason: 'Not needed.', waiting: null });
    expect(await rankAll(deps, project.projectId)).toBe(0);
    await expect(resumeLoop(deps, actor, { loopId })).rejects.toMatchObject({ code: 'CONFLICT' });
    await start();
    const claim = await claimQueued(deps);
    await cancelLoop(deps, actor, { loopId });
    await expect(endRun(deps, claim, { status: 'FAILED', reason: '', reasonCode: null, resumable: true })).rejects.toMatchObject({
      code: 'FENCED',
    });
  });
});

describe('a loop that cannot be', () => {
  let bench: LoopBench;
  let project: TestLoop;
  beforeAll(async () => {
    bench = await createBench();
    project = await createTestProject(bench.deps, 40);
  });
  afterAll(() => bench?.drop());
  const create = (changes: object, config: object = {}) =>
    createLoop(bench.deps, actor, { ...project, name: 'Impossible', config: { ...quickConfig, ...config }, ...changes });

  it.each([
    [{ promptsPerRound: 500 }, 'PRECONDITION', 'a round asks for 500'],
    [{ evaluation: { prompts: 100, comparisons: 6 } }, 'PRECONDITION', 'in the test split; evaluation asks for 100'],
    [{ evaluation: { prompts: 2, comparisons: 6 } }, 'BAD_INPUT', '6 blind comparisons need as many evaluation prompts'],
    [{ responsesPerPrompt: 1 }, 'BAD_INPUT', '"responsesPerPrompt"'],
    [{ samplin: {} }, 'BAD_INPUT', 'samplin'],
  ])('is refused: %j', async (config, code, text) => {
    await expect(create({}, config)).rejects.toMatchObject({ code, message: expect.stringContaining(text) });
  });

  it('is refused for a model, dataset or person that does not fit', async () => {
    const { db } = bench.deps;
    const reward = await db.modelVersion.findFirstOrThrow({ where: { id: project.referenceId } });
    const { id, ...rest } = reward;
    const other = await db.modelVersion.create({ data: { ...rest, name: 'a reward model', kind: 'REWARD', files: {}, card: {} } });
    await expect(create({ referenceId: other.id })).rejects.toMatchObject({
      code: 'BAD_INPUT',
      message: expect.stringContaining('starts from a policy'),
    });
    await expect(create({ referenceId: project.datasetId })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(create({ datasetId: id })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(
      createLoop(bench.deps, { kind: 'user', userId: 'nobody', isSystemAdmin: true }, { ...project, name: 'x' }),
    ).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await create({});
    await expect(create({})).rejects.toMatchObject({ code: 'CONFLICT' });
  });
});
