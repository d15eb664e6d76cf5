import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLoop } from '#lib/services/loops/create-loop';
import { decideGate } from '#lib/services/loops/decide-gate';
import { getLoop } from '#lib/services/loops/get-loop';
import { startLoop } from '#lib/services/loops/start-loop';
import { actor, createBench, createTestProject, type LoopBench, quickConfig, type TestLoop } from '../../support/loop';
import { rankAll } from '../../support/rank-all';
import { spawnWorker, type WorkerProcess, waitFor } from '../../support/worker-process';

describe('the whole circle with a real worker process, on Redis', () => {
  let bench: LoopBench;
  let project: TestLoop;
  let worker: WorkerProcess;

  beforeAll(async () => {
    bench = await createBench('redis');
    project = await createTestProject(bench.deps);
    worker = spawnWorker(bench);
  });
  afterAll(async () => {
    await worker?.kill('SIGTERM');
    await bench?.drop();
  });

  it('turns twice and samples the second round from the promoted policy', { timeout: 300_000 }, async () => {
    const { deps } = bench;
    const { loopId } = await createLoop(deps, actor, { ...project, name: 'Circle', config: quickConfig });
    await startLoop(deps, actor, { loopId });
    const loop = await waitFor(
      'the loop to be done',
      async () => {
        await rankAll(deps, project.projectId);
        const view = await getLoop(deps, actor, { loopId });
        const round = view.rounds.at(-1);
        if (round?.status === 'FAILED') throw new Error(`round ${round.ordinal} failed: ${round.reason}`);
        // where all few validation prompts were ranked as ties, nothing was measured and the gate asks a person
        if (round?.status === 'WAITING' && round.stage === 'REWARD_GATE') {
          await decideGate(deps, actor, { roundId: round.id, decision: 'override', reason: 'Validation rankings were all ties.' });
        }
        if (round?.status === 'WAITING' && round.stage === 'DECISION') throw new Error(`round ${round.ordinal} waits for a decision`);
        return view.status === 'DONE' ? view : null;
      },
      280,
    );
    expect(loop.rounds).toHaveLength(2);
    const [first, second] = loop.rounds;
    expect(second!.initPolicy.id).toBe(first!.outcome === 'PROMOTED' ? first!.candidate!.id : project.referenceId);
    const kinds = first!.cells.map((cell) => cell.figure?.kind);
    expect(kinds).toEqual(['samples', 'labels', 'snapshot', 'accuracy', 'gate', 'kl', 'win-rate', 'decision']);
    const answers = await deps.db.response.findMany({ where: { run: { roundId: second!.id, kind: 'GENERATION' } } });
    expect(answers).toHaveLength(16 * 3);
    expect(new Set(answers.map((answer) => answer.modelVersionId))).toEqual(new Set([second!.initPolicy.id]));
    expect(await deps.db.outbox.count({ where: { doneAt: null } })).toBe(0);
  });
});
