import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requestScoring } from '#lib/services/review/request-scoring';
import { actor, createBench, createTestProject, type LoopBench, type TestLoop } from '../../support/loop';
import { importRewardModel } from '../../support/ppo-runs';
import { spawnWorker, type WorkerProcess, waitFor } from '../../support/worker-process';

describe('a scoring run', { timeout: 300_000 }, () => {
  let bench: LoopBench;
  let project: TestLoop;
  let worker: WorkerProcess;
  let rewardModelId: string;

  beforeAll(async () => {
    bench = await createBench();
    project = await createTestProject(bench.deps);
    rewardModelId = await importRewardModel(bench, project.projectId);
    worker = spawnWorker(bench);
  });
  afterAll(async () => {
    await worker?.kill('SIGTERM');
    await bench?.drop();
  });

  /** A task on a prompt of the dataset with answers of people. */
  async function addTask(index: number, texts: readonly string[]): Promise<string[]> {
    const { db } = bench.deps;
    const prompt = await db.prompt.findFirstOrThrow({ where: { datasetId: project.datasetId }, orderBy: { ordinal: 'asc' }, skip: index });
    const guideline = await db.guideline.findFirstOrThrow({ where: { projectId: project.projectId } });
    const form = await db.formVersion.findFirstOrThrow({ where: { projectId: project.projectId } });
    const { id: taskId } = await db.task.create({
      data: {
        projectId: project.projectId,
        promptId: prompt.id,
        kind: 'RANKING',
        purpose: 'LABELING',
        guidelineId: guideline.id,
        formVersionId: form.id,
      },
    });
    const ids: string[] = [];
    for (const [position, text] of texts.entries()) {
      const hash = randomUUID();
      const { id } = await db.response.create({ data: { promptId: prompt.id, origin: 'IMPORT', text, salt: hash, saltedHash: hash } });
      await db.taskResponse.create({ data: { taskId, responseId: id, position } });
      ids.push(id);
    }
    return ids;
  }

  const done = (runId: string) =>
    waitFor('the scoring run', async () => {
      const run = await bench.deps.db.run.findUniqueOrThrow({ where: { id: runId } });
      if (run.status === 'FAILED') throw new Error(`the run failed: ${run.reason}`);
      return run.status === 'DONE' ? run : null;
    });

  it('scores every answer of the tasks once, and only the new ones the next time', async () => {
    const { db } = bench.deps;
    const first = [...(await addTask(0, ['a cat', 'the sea', 'rain on the tree'])), ...(await addTask(1, ['sun', 'moon']))];
    const { runId } = await requestScoring(bench.deps, actor, { projectId: project.projectId });
    expect((await done(runId)).result).toEqual({ kind: 'SCORING', responses: 5, models: 1 });
    const scores = await db.responseScore.findMany({ where: { modelVersionId: rewardModelId }, orderBy: { responseId: 'asc' } });
    expect(scores.map(({ responseId }) => responseId)).toEqual([...first].sort());
    expect(new Set(scores.map(({ score }) => score)).size).toBe(5);
    // This reward model was imported without a temperature and with mean 0, std 1: both scales are the raw score.
    for (const { score, members } of scores) expect(members).toEqual([expect.closeTo(score, 9)]);

    const later = await addTask(2, ['dog', 'bird']);
    const again = await requestScoring(bench.deps, actor, { projectId: project.projectId });
    expect((await done(again.runId)).result).toEqual({ kind: 'SCORING', responses: 2, models: 1 });
    const all = await db.responseScore.findMany({ orderBy: { responseId: 'asc' } });
    expect(all).toHaveLength(7);
    for (const old of scores) expect(all).toContainEqual(old);
    expect(all.map(({ responseId }) => responseId)).toEqual(expect.arrayContaining(later));
    const edges = await db.lineageEdge.findMany({ where: { toId: again.runId } });
    expect(edges).toMatchObject([{ fromId: rewardModelId, fromKind: 'MODEL_VERSION', kind: 'SCORED_BY' }]);
  });

  it('is refused where the project has no such reward model', async () => {
    await expect(
      requestScoring(bench.deps, actor, { projectId: project.projectId, rewardModelIds: [project.referenceId] }),
    ).rejects.toMatchObject({ code: 'PRECONDITION' });
  });
});
