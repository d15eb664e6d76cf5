import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkpointsOfLabel } from '#lib/services/lineage/checkpoints-of-label';
import { labelsOfCheckpoint } from '#lib/services/lineage/labels-of-checkpoint';
import { createLoop } from '#lib/services/loops/create-loop';
import { startLoop } from '#lib/services/loops/start-loop';
import { getModel } from '#lib/services/models/get-model';
import { drainGeneral, finishQueued } from '../../support/drive-loop';
import { createMember } from '../../support/labeling';
import { actor, createBench, createTestProject, type LoopBench, quickConfig, type TestLoop } from '../../support/loop';
import { rankAll } from '../../support/rank-all';

interface Made {
  readonly checkpoints: readonly string[];
  readonly modelId: string;
}

describe('lineage', () => {
  let bench: LoopBench;
  let project: TestLoop;
  const rounds: { labels: string[]; comparisons: string[]; reward: Made; policy: Made }[] = [];

  const made = async (): Promise<Made> => {
    const { runId, modelId } = await finishQueued(bench.deps, { checkpoints: 4 });
    const rows = await bench.deps.db.checkpoint.findMany({ where: { runId }, orderBy: { step: 'asc' } });
    return { checkpoints: rows.map((row) => row.id), modelId: modelId! };
  };
  const rank = async () => {
    const before = new Set((await bench.deps.db.annotation.findMany({ select: { id: true } })).map((row) => row.id));
    await rankAll(bench.deps, project.projectId);
    await drainGeneral(bench.deps);
    const after = await bench.deps.db.annotation.findMany({ select: { id: true } });
    return after.map((row) => row.id).filter((id) => !before.has(id));
  };

  beforeAll(async () => {
    bench = await createBench();
    project = await createTestProject(bench.deps);
    // A threshold of 0 promotes whatever people say: the second round stands on the first.
    const config = {
      ...quickConfig,
      decision: { rule: 'win-rate' as const, threshold: 0 },
      sampling: { ...quickConfig.sampling, includeReference: true },
    };
    const { loopId } = await createLoop(bench.deps, actor, { ...project, name: 'Traced', config });
    await startLoop(bench.deps, actor, { loopId });
    await drainGeneral(bench.deps);
    for (let round = 0; round < 2; round += 1) {
      await finishQueued(bench.deps);
      const labels = await rank();
      const reward = await made();
      const policy = await made();
      await finishQueued(bench.deps);
      const comparisons = await rank();
      rounds.push({ labels, comparisons, reward, policy });
    }
  });
  afterAll(() => bench?.drop());

  const labelsOf = (node: Parameters<typeof labelsOfCheckpoint>[2]) => labelsOfCheckpoint(bench.deps, actor, node);
  const trained = (labels: Awaited<ReturnType<typeof labelsOf>>) =>
    labels
      .filter((label) => label.way === 'trained')
      .map((label) => label.annotationId)
      .sort();

  it('names every label that reached a checkpoint, and whether directly', async () => {
    const [first, second] = rounds;
    expect(first!.labels).toHaveLength(16);
    for (const checkpointId of first!.reward.checkpoints) {
      const labels = await labelsOf({ checkpointId });
      expect(trained(labels)).toEqual([...first!.labels].sort());
      expect(labels.every((label) => label.direct)).toBe(true);
    }
    const ofPolicy = await labelsOf({ checkpointId: first!.policy.checkpoints[0]! });
    expect(trained(ofPolicy)).toEqual([...first!.labels].sort());
    expect(ofPolicy.some((label) => label.direct)).toBe(false);
    const ofSecond = await labelsOf({ checkpointId: second!.policy.checkpoints[3]! });
    expect(trained(ofSecond)).toEqual([...first!.labels, ...second!.labels].sort());
    // The second round began from a policy that the first round's comparisons had selected.
    const selected = ofSecond.filter((label) => label.way === 'selected').map((label) => label.annotationId);
    expect(selected.sort()).toEqual([...first!.comparisons].sort());
    expect(await labelsOf({ modelId: project.referenceId })).toEqual([]);
  });

  it('names every checkpoint and model that a label reached', async () => {
    const [first, second] = rounds;
    const ofFirst = await checkpointsOfLabel(bench.deps, actor, { annotationId: first!.labels[0]! });
    const all = [first!.reward, first!.policy, second!.reward, second!.policy];
    expect(ofFirst.checkpoints.map((each) => each.id).sort()).toEqual(all.flatMap((each) => each.checkpoints).sort());
    expect(ofFirst.models.map((each) => each.id).sort()).toEqual(all.map((each) => each.modelId).sort());
    const direct = ofFirst.checkpoints.filter((each) => each.direct).map((each) => each.id);
    // Its snapshot, and that of the second round, which holds the labels of both.
    expect(direct.sort()).toEqual([...first!.reward.checkpoints, ...second!.reward.checkpoints].sort());
    const ofSecond = await checkpointsOfLabel(bench.deps, actor, { annotationId: second!.labels[0]! });
    expect(ofSecond.models.map((each) => each.id).sort()).toEqual([second!.reward.modelId, second!.policy.modelId].sort());
    const ofComparison = await checkpointsOfLabel(bench.deps, actor, { annotationId: first!.comparisons[0]! });
    expect(ofComparison.models.find((each) => each.id === first!.policy.modelId)?.direct).toBe(true);
    expect(ofComparison.models.map((each) => each.id)).not.toContain(first!.reward.modelId);
    expect(ofComparison.checkpoints.map((each) => each.id)).toEqual(expect.arrayContaining([...second!.policy.checkpoints]));
  });

  it('says the same in both directions for every label and every checkpoint', async () => {
    const { db } = bench.deps;
    const checkpoints = await db.checkpoint.findMany({ select: { id: true } });
    const annotations = await db.annotation.findMany({ select: { id: true } });
    const down = new Set<string>();
    for (const { id } of checkpoints) for (const label of await labelsOf({ checkpointId: id })) down.add(`${label.annotationId} ${id}`);
    const up = new Set<string>();
    for (const { id } of annotations) {
      for (const checkpoint of (await checkpointsOfLabel(bench.deps, actor, { annotationId: id })).checkpoints)
        up.add(`${id} ${checkpoint.id}`);
    }
    expect(down.size).toBeGreaterThan(annotations.length);
    expect(down).toEqual(up);
  });

  it('lets the SFT policy write one answer of each prompt where the loop asks for it', async () => {
    const second = await bench.deps.db.round.findFirstOrThrow({ where: { ordinal: 2 } });
    const answers = await bench.deps.db.response.groupBy({
      by: ['modelVersionId'],
      where: { run: { roundId: second.id, kind: 'GENERATION' } },
      _count: { _all: true },
    });
    const counts = Object.fromEntries(answers.map((each) => [each.modelVersionId, each._count._all]));
    expect(counts).toEqual({ [rounds[0]!.policy.modelId]: 32, [project.referenceId]: 16 });
  });

  it('keeps the rows of pruned checkpoints, without their bytes', async () => {
    const { db, blobs } = bench.deps;
    const rows = await db.checkpoint.findMany({ where: { id: { in: [...rounds[0]!.policy.checkpoints] } }, orderBy: { step: 'asc' } });
    expect(rows.map((row) => row.prunedAt !== null)).toEqual([true, true, false, false]);
    const held = await Promise.all(rows.map((row) => blobs.has((row.files as Record<string, string>)['state.json']!)));
    expect(held).toEqual([false, false, true, true]);
  });

  it('shows the parents and children of a model, to those who may see them', async () => {
    const [first, second] = rounds;
    const policy = await getModel(bench.deps, actor, { modelId: first!.policy.modelId });
    const kinds = policy.parents.map((parent) => [parent.kind, parent.id]);
    expect(kinds).toEqual(
      expect.arrayContaining([
        ['INITIALISED_FROM', project.referenceId],
        ['SCORED_BY', first!.reward.modelId],
      ]),
    );
    expect(policy.children.map((child) => child.id)).toContain(second!.policy.modelId);
    const annotator = await createMember(bench.deps.db, project.projectId, ['ANNOTATOR']);
    await expect(getModel(bench.deps, annotator, { modelId: policy.id })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    const label = { annotationId: first!.labels[0]! };
    await expect(checkpointsOfLabel(bench.deps, annotator, label)).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });
});
