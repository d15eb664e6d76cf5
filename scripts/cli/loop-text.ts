/** A loop as text: what it waits for, and its rounds by stages. */
import { roundStages } from '#lib/domain/loop';
import type { Estimate } from '#lib/domain/statistics/estimate';
import type { Figure, LoopView, RoundView, StageCell, Waiting } from '#lib/services/loops/loop-view';
import { facts, formatTime, table, widthOf } from './terminal';

const stageNames: Readonly<Record<(typeof roundStages)[number], string>> = {
  SAMPLING: 'sampling',
  LABELING: 'labeling',
  FREEZING: 'freezing',
  REWARD_TRAINING: 'reward training',
  REWARD_GATE: 'reward gate',
  POLICY_TRAINING: 'policy training',
  EVALUATION: 'evaluation',
  DECISION: 'decision',
};

/** Word and sign: the state is never told by a colour alone. */
const states: Readonly<Record<StageCell['state'], string>> = {
  DONE: '✓ done',
  RUNNING: '▸ runs',
  WAITING: '… waits',
  PAUSED: '‖ paused',
  FAILED: '✗ failed',
  CANCELLED: '✗ cancelled',
  TO_COME: '·',
};

const waitsFor: Readonly<Record<Waiting['kind'], string>> = {
  labels: 'annotators, to rank',
  comparisons: 'annotators, to compare',
  gate: 'a researcher, at the reward gate',
  decision: 'a researcher, to decide',
  failed: 'a researcher: it failed',
  paused: 'a researcher: it is paused',
  cancelled: 'a researcher: its run was cancelled',
};

export function loopStatusText(loop: LoopView, columns: number): string {
  const { waiting } = loop;
  const head: [string, string][] = [
    ['loop', `${loop.name} (${loop.id})`],
    ['status', loop.started ? loop.status.toLowerCase() : 'not started'],
    ['reference', loop.reference.name],
    ['prompts', loop.dataset.name],
  ];
  if (waiting) {
    head.push(['waits for', `${waitsFor[waiting.kind]}, round ${waiting.ordinal}, since ${formatTime(waiting.since)}`]);
    if (waiting.reason) head.push(['reason', waiting.reason]);
  }
  if (loop.reason) head.push(['reason', loop.reason]);
  if (loop.rounds.length === 0) return `${facts(head)}\n\nStart it: plumbline loop start ${loop.id}`;
  return `${facts(head)}\n\n${roundsTable(loop.rounds, columns)}`;
}

/** Stages down, rounds across; the newest rounds that fit. */
function roundsTable(rounds: readonly RoundView[], columns: number): string {
  let shown = rounds.slice(-8);
  for (;;) {
    const rows = roundStages.map((stage) => [
      stageNames[stage],
      ...shown.map((round) => cellText(round.cells.find((cell) => cell.stage === stage))),
    ]);
    const policy = ['policy', ...shown.map((round) => round.candidate?.name ?? round.initPolicy.name)];
    const outcome = ['outcome', ...shown.map((round) => round.outcome?.toLowerCase() ?? '·')];
    const drawn = table(['stage', ...shown.map((round) => `round ${round.ordinal}`)], [...rows, policy, outcome]);
    const width = Math.max(...drawn.split('\n').map(widthOf));
    if (width <= columns || shown.length === 1) {
      return shown.length === rounds.length ? drawn : `${drawn}\n(the last ${shown.length} of ${rounds.length} rounds; --json has all)`;
    }
    shown = shown.slice(1);
  }
}

function cellText(cell: StageCell | undefined): string {
  if (!cell) return states.TO_COME;
  const figure = cell.figure ? figureText(cell.figure) : '';
  return figure ? `${states[cell.state]}, ${figure}` : states[cell.state];
}

export function figureText(figure: Figure): string {
  switch (figure.kind) {
    case 'samples':
      return `${figure.done} of ${figure.wanted} answers`;
    case 'labels':
      return `${figure.filled} of ${figure.wanted} rankings`;
    case 'snapshot':
      return `${figure.annotations} labels, ${figure.hash.slice(0, 8)}`;
    case 'progress':
      return `step ${figure.step}${figure.totalSteps === null ? '' : ` of ${figure.totalSteps}`}${figure.phase ? ` (${figure.phase})` : ''}`;
    case 'accuracy':
      return `accuracy ${estimateText(figure.estimate)}`;
    case 'gate': {
      const required = figure.required === null ? '' : `, asked ${figure.required}`;
      return `accuracy ${estimateText(figure.estimate)}${required}${figure.by ? `, by ${figure.person ?? figure.by}` : ''}`;
    }
    case 'kl':
      return `KL ${figure.nats.toPrecision(3)} nats${figure.reward === null ? '' : `, reward ${figure.reward.toPrecision(3)}`}`;
    case 'comparisons':
      return `${figure.filled} of ${figure.wanted} comparisons`;
    case 'win-rate':
      return `win rate ${estimateText(figure.estimate)} against the ${figure.against === 'reference' ? 'reference' : 'policy before'}`;
    case 'decision':
      return `${figure.outcome.toLowerCase()} by ${figure.person ?? figure.by}`;
  }
}

function estimateText(estimate: Estimate): string {
  if (!estimate.defined) return `undefined (${estimate.reason})`;
  return `${estimate.value.toFixed(2)} [${estimate.low.toFixed(2)}, ${estimate.high.toFixed(2)}], n ${estimate.n}`;
}
