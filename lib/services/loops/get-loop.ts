import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import { type LoopConfig, loopConfig } from '#lib/domain/loop-config';
import { estimateSchema } from '#lib/domain/runs';
import type { Deps } from '../deps';
import { authoriseLoop } from './authorise-loop';
import type { DecisionKind, DecisionView, LoopView, RoundView, Waiting } from './loop-view';
import { type RoundFacts, type RoundRow, readRoundFacts, roundInclude } from './read-rounds';
import { readWinRates } from './read-win-rates';
import { nameOf, roundCells, whoMoved } from './round-cells';

export const getLoopInput = z.strictObject({ loopId: z.uuid() });

/** Everything that the loop's page shows. */
export async function getLoop(deps: Pick<Deps, 'db'>, actor: Actor, input: z.input<typeof getLoopInput>): Promise<LoopView> {
  const { loopId } = getLoopInput.parse(input);
  await authoriseLoop(deps, actor, loopId, 'loop.read');
  const { db } = deps;
  const loop = await db.loop.findUniqueOrThrow({ where: { id: loopId } });
  const rows = await db.round.findMany({ where: { loopId }, orderBy: { ordinal: 'asc' }, include: roundInclude });
  const config = loopConfig.parse(loop.config);
  const facts = await readRoundFacts(db, rows);
  const reference = await db.modelVersion.findUnique({ where: { id: loop.referenceId }, select: { id: true, name: true } });
  const dataset = await db.dataset.findUnique({ where: { id: loop.datasetId }, select: { id: true, name: true } });
  const rounds: RoundView[] = [];
  for (const row of rows) rounds.push(await roundView(deps, row, facts, config, loop.referenceId));
  const started = rows[0]?.transitions[0];
  return {
    id: loop.id,
    projectId: loop.projectId,
    name: loop.name,
    status: loop.status,
    started: rows.length > 0,
    reason: loop.reason,
    createdAt: loop.createdAt,
    finishedAt: loop.finishedAt,
    startedBy: nameOf(facts, started?.actorId),
    config,
    reference: reference ?? { id: loop.referenceId, name: '' },
    dataset: dataset ?? { id: loop.datasetId, name: '' },
    waiting: waitingOf(rounds.at(-1), rows.at(-1), loop.status),
    rounds,
    decisions: rows.flatMap((row) => decisionsOf(row, facts)).reverse(),
  };
}

async function roundView(
  deps: Pick<Deps, 'db'>,
  row: RoundRow,
  facts: RoundFacts,
  config: LoopConfig,
  referenceId: string,
): Promise<RoundView> {
  const evaluated = facts.labels.has(`${row.id} EVALUATION`);
  const winRates = evaluated ? await readWinRates(deps.db, { ...row, loop: { referenceId } }) : null;
  const named = (id: string | null) => (id ? { id, name: facts.names.get(id) ?? '' } : null);
  return {
    id: row.id,
    ordinal: row.ordinal,
    stage: row.stage,
    status: row.status,
    outcome: row.outcome,
    reason: row.reason,
    reasonCode: row.reasonCode,
    resumable: row.resumable,
    createdAt: row.createdAt,
    finishedAt: row.finishedAt,
    initPolicy: { id: row.initPolicyId, name: facts.names.get(row.initPolicyId) ?? '' },
    rewardModel: named(row.rewardModelId),
    candidate: named(row.candidateId),
    snapshotId: row.snapshotId,
    cells: roundCells({ round: row, facts, config, winRates }),
  };
}

/** What stands still until a person does something, and which person. */
export function waitingKind(round: { stage: string; status: string }): Pick<Waiting, 'kind' | 'for'> | null {
  if (round.status === 'FAILED') return { kind: 'failed', for: 'RESEARCHER' };
  if (round.status === 'PAUSED') return { kind: 'paused', for: 'RESEARCHER' };
  if (round.status === 'CANCELLED') return { kind: 'cancelled', for: 'RESEARCHER' };
  if (round.status !== 'WAITING') return null;
  if (round.stage === 'LABELING') return { kind: 'labels', for: 'ANNOTATOR' };
  if (round.stage === 'EVALUATION') return { kind: 'comparisons', for: 'ANNOTATOR' };
  return { kind: round.stage === 'REWARD_GATE' ? 'gate' : 'decision', for: 'RESEARCHER' };
}

function waitingOf(round: RoundView | undefined, row: RoundRow | undefined, loopStatus: string): Waiting | null {
  if (!round || !row || loopStatus === 'CANCELLED' || loopStatus === 'DONE') return null;
  const what = waitingKind(round);
  if (!what) return null;
  return {
    ...what,
    roundId: round.id,
    ordinal: round.ordinal,
    stage: round.stage,
    since: row.transitions.at(-1)?.at ?? row.stageEnteredAt,
    figure: round.cells.find((cell) => cell.stage === round.stage)?.figure ?? null,
    reason: round.reason,
    reasonCode: round.reasonCode,
    resumable: round.resumable,
  };
}

const decisionOf: Readonly<Record<string, DecisionKind>> = {
  started: 'started',
  gatePassed: 'gate-passed',
  gateOverridden: 'gate-overridden',
  moreLabels: 'more-labels',
  stopped: 'stopped',
  promoted: 'promoted',
  rejected: 'rejected',
  paused: 'paused',
  resumed: 'resumed',
  resumedLabeling: 'resumed',
  cancelled: 'cancelled',
  failed: 'failed',
  tasksClosed: 'tasks-closed',
};
const decisionData = z.object({
  transition: z.string().default(''),
  accuracy: estimateSchema.nullable().catch(null).default(null),
  winRate: estimateSchema.nullable().catch(null).default(null),
  required: z.number().nullable().catch(null).default(null),
  threshold: z.number().nullable().catch(null).default(null),
});

function decisionsOf(row: RoundRow, facts: RoundFacts): DecisionView[] {
  return row.transitions.flatMap((each) => {
    const data = decisionData.safeParse(each.data).data;
    const what = data ? decisionOf[data.transition] : undefined;
    // Only the first round's start is a decision: the next follows from the one before.
    if (!data || !what || (what === 'started' && row.ordinal > 1)) return [];
    return [
      {
        id: each.id,
        ordinal: row.ordinal,
        at: each.at,
        what,
        by: each.byRule ? ('rule' as const) : ('person' as const),
        person: whoMoved(facts, each),
        reason: each.reason,
        accuracy: data.accuracy,
        winRate: data.winRate,
        required: data.required ?? data.threshold,
      },
    ];
  });
}
