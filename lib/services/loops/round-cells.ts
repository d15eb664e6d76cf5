import { z } from 'zod';
import { type RoundStage, roundStages, runKindOfStage, stageIndex } from '#lib/domain/loop';
import type { LoopConfig } from '#lib/domain/loop-config';
import { estimateSchema, runResult } from '#lib/domain/runs';
import type { Estimate } from '#lib/domain/statistics/estimate';
import type { Figure, StageCell } from './loop-view';
import type { RoundFacts, RoundRow } from './read-rounds';

interface CellInput {
  readonly round: RoundRow;
  readonly facts: RoundFacts;
  readonly config: LoopConfig;
  /** Of the blind comparisons; only read where the round came that far. */
  readonly winRates: { readonly previous: Estimate; readonly reference: Estimate } | null;
}

/** The stages of a round as the loop's page shows them: state, when, and the one number of each. */
export function roundCells(input: CellInput): StageCell[] {
  return roundStages.map((stage) => {
    const { round } = input;
    const at = stageIndex(stage) - stageIndex(round.stage);
    const kind = stage in runKindOfStage ? runKindOfStage[stage as keyof typeof runKindOfStage] : null;
    const run = kind ? round.runs.findLast((each) => each.kind === kind) : undefined;
    const entered = round.transitions.find((each) => each.toStage === stage && each.fromStage !== stage);
    const left = round.transitions.find((each) => each.fromStage === stage && each.toStage !== stage);
    return {
      stage,
      state: at < 0 ? 'DONE' : at > 0 ? 'TO_COME' : round.status,
      enteredAt: at > 0 ? null : (entered?.at ?? null),
      leftAt: left?.at ?? (at === 0 ? round.finishedAt : null),
      runId: run?.id ?? null,
      figure: at > 0 ? null : figureOf(stage, input, run),
    };
  });
}

type CellRun = RoundRow['runs'][number];

function figureOf(stage: RoundStage, input: CellInput, run: CellRun | undefined): Figure | null {
  const { round, facts, config } = input;
  const result = run?.status === 'DONE' ? runResult.safeParse(run.result).data : undefined;
  switch (stage) {
    case 'SAMPLING': {
      if (!run) return null;
      const prompts = z.object({ promptIds: z.array(z.string()) }).safeParse(run.inputs).data?.promptIds.length ?? 0;
      const wanted = run.totalSteps ?? prompts * config.responsesPerPrompt;
      return { kind: 'samples', prompts, responsesPerPrompt: config.responsesPerPrompt, done: result ? wanted : run.step, wanted };
    }
    case 'LABELING': {
      const labels = facts.labels.get(`${round.id} LABELING`);
      return labels ? { kind: 'labels', ...labels } : null;
    }
    case 'FREEZING': {
      const snapshot = round.snapshotId ? facts.snapshots.get(round.snapshotId) : undefined;
      return round.snapshotId && snapshot ? { kind: 'snapshot', snapshotId: round.snapshotId, ...snapshot } : null;
    }
    case 'REWARD_TRAINING':
      return result?.kind === 'REWARD_TRAINING' ? { kind: 'accuracy', estimate: result.accuracy } : progress(run);
    case 'REWARD_GATE':
      return gateFigure(input);
    case 'POLICY_TRAINING':
      if (result?.kind === 'POLICY_TRAINING') return { kind: 'kl', nats: result.kl, reward: result.reward, steps: result.steps };
      return progress(run);
    case 'EVALUATION':
      return evaluationFigure(input, run);
    case 'DECISION':
      return decisionFigure(input);
  }
}

function progress(run: CellRun | undefined): Figure | null {
  return run ? { kind: 'progress', step: run.step, totalSteps: run.totalSteps, phase: run.phase } : null;
}

const gateData = z.object({ accuracy: estimateSchema, required: z.number().nullable() });

function gateFigure({ round, facts }: CellInput): Figure | null {
  const moves = round.transitions.filter((each) => each.fromStage === 'REWARD_GATE' || each.toStage === 'REWARD_GATE');
  const judged = moves.findLast((each) => gateData.safeParse(each.data).success);
  const data = gateData.safeParse(judged?.data).data;
  if (!data) return null;
  const left = moves.find((each) => each.fromStage === 'REWARD_GATE' && (each.toStage !== 'REWARD_GATE' || each.toStatus === 'DONE'));
  const by = left ? (left.byRule ? 'rule' : 'person') : null;
  return { kind: 'gate', estimate: data.accuracy, required: data.required, by, person: whoMoved(facts, left) };
}

function evaluationFigure({ round, facts, winRates }: CellInput, run: CellRun | undefined): Figure | null {
  if (run?.status !== 'DONE') return progress(run);
  const labels = facts.labels.get(`${round.id} EVALUATION`);
  if (labels && labels.filled < labels.wanted && round.stage === 'EVALUATION') {
    return { kind: 'comparisons', filled: labels.filled, wanted: labels.wanted };
  }
  if (winRates?.previous.defined)
    return { kind: 'win-rate', estimate: winRates.previous, against: 'previous', reference: winRates.reference };
  return labels ? { kind: 'comparisons', filled: labels.filled, wanted: labels.wanted } : null;
}

function decisionFigure({ round, facts }: CellInput): Figure | null {
  if (!round.outcome || round.stage !== 'DECISION') return null;
  const decided = round.transitions.findLast((each) => each.toStage === 'DECISION' && each.toStatus === 'DONE');
  return {
    kind: 'decision',
    outcome: round.outcome,
    by: decided?.byRule === false ? 'person' : 'rule',
    person: whoMoved(facts, decided),
  };
}

/** The person behind a move, or the command line; null for a rule. */
export function whoMoved(
  facts: RoundFacts,
  move: { readonly actorId: string | null; readonly byRule: boolean } | undefined,
): string | null {
  if (!move) return null;
  return nameOf(facts, move.actorId) ?? (move.byRule || move.actorId ? null : 'command line');
}

export function nameOf(facts: RoundFacts, userId: string | null | undefined): string | null {
  return userId ? (facts.people.get(userId) ?? null) : null;
}
