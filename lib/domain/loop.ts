import { AppError } from '#lib/errors';

/** The stages of a round, in their order. */
export const roundStages = [
  'SAMPLING',
  'LABELING',
  'FREEZING',
  'REWARD_TRAINING',
  'REWARD_GATE',
  'POLICY_TRAINING',
  'EVALUATION',
  'DECISION',
] as const;
export type RoundStage = (typeof roundStages)[number];

export const stageStatuses = ['RUNNING', 'WAITING', 'PAUSED', 'FAILED', 'CANCELLED', 'DONE'] as const;
export type StageStatus = (typeof stageStatuses)[number];

export interface RoundState {
  readonly stage: RoundStage;
  readonly status: StageStatus;
}

type From = Readonly<Record<RoundStage, readonly StageStatus[]>>;

interface Transition {
  readonly from: Partial<From>;
  /** `same` keeps the stage. */
  readonly to: { readonly stage: RoundStage | 'same'; readonly status: StageStatus };
}

const everyStage = (statuses: readonly StageStatus[]): From =>
  Object.fromEntries(roundStages.map((stage) => [stage, statuses])) as unknown as From;

/**
 * Every move a round can make, by name. What is not here does not happen: services move a round only through `nextState`.
 *
 * SAMPLING -> LABELING -> FREEZING -> REWARD_TRAINING -> REWARD_GATE -> POLICY_TRAINING -> EVALUATION -> DECISION
 */
const transitions = {
  sampled: { from: { SAMPLING: ['RUNNING'] }, to: { stage: 'LABELING', status: 'WAITING' } },
  labeled: { from: { LABELING: ['WAITING'] }, to: { stage: 'FREEZING', status: 'RUNNING' } },
  frozen: { from: { FREEZING: ['RUNNING'] }, to: { stage: 'REWARD_TRAINING', status: 'RUNNING' } },
  rewardTrained: { from: { REWARD_TRAINING: ['RUNNING'] }, to: { stage: 'REWARD_GATE', status: 'RUNNING' } },
  gatePassed: { from: { REWARD_GATE: ['RUNNING'] }, to: { stage: 'POLICY_TRAINING', status: 'RUNNING' } },
  gateHeld: { from: { REWARD_GATE: ['RUNNING'] }, to: { stage: 'REWARD_GATE', status: 'WAITING' } },
  gateOverridden: { from: { REWARD_GATE: ['WAITING'] }, to: { stage: 'POLICY_TRAINING', status: 'RUNNING' } },
  moreLabels: { from: { REWARD_GATE: ['WAITING'] }, to: { stage: 'REWARD_GATE', status: 'DONE' } },
  stopped: { from: { REWARD_GATE: ['WAITING'] }, to: { stage: 'REWARD_GATE', status: 'DONE' } },
  policyTrained: { from: { POLICY_TRAINING: ['RUNNING'] }, to: { stage: 'EVALUATION', status: 'RUNNING' } },
  evaluated: { from: { EVALUATION: ['RUNNING'] }, to: { stage: 'EVALUATION', status: 'WAITING' } },
  compared: { from: { EVALUATION: ['RUNNING', 'WAITING'] }, to: { stage: 'DECISION', status: 'RUNNING' } },
  decisionAsked: { from: { DECISION: ['RUNNING'] }, to: { stage: 'DECISION', status: 'WAITING' } },
  promoted: { from: { DECISION: ['RUNNING', 'WAITING'] }, to: { stage: 'DECISION', status: 'DONE' } },
  rejected: { from: { DECISION: ['RUNNING', 'WAITING'] }, to: { stage: 'DECISION', status: 'DONE' } },
  paused: { from: everyStage(['RUNNING', 'WAITING']), to: { stage: 'same', status: 'PAUSED' } },
  failed: { from: everyStage(['RUNNING']), to: { stage: 'same', status: 'FAILED' } },
  cancelled: { from: everyStage(['RUNNING', 'WAITING', 'PAUSED', 'FAILED']), to: { stage: 'same', status: 'CANCELLED' } },
  /** Labeling waits for people, so it comes back waiting; every other stage looks again at what it needs. */
  resumed: { from: { ...everyStage(['PAUSED', 'FAILED', 'CANCELLED']), LABELING: [] }, to: { stage: 'same', status: 'RUNNING' } },
  resumedLabeling: { from: { LABELING: ['PAUSED', 'CANCELLED'] }, to: { stage: 'same', status: 'WAITING' } },
} as const satisfies Record<string, Transition>;

export type TransitionName = keyof typeof transitions;
export const transitionNames = Object.keys(transitions) as readonly TransitionName[];

const table: Readonly<Record<TransitionName, Transition>> = transitions;

export function isAllowed(name: TransitionName, from: RoundState): boolean {
  return table[name].from[from.stage]?.includes(from.status) ?? false;
}

/** Throws CONFLICT where the move is not allowed from `from`: the state moved on, or never was there. */
export function nextState(name: TransitionName, from: RoundState): RoundState {
  if (!isAllowed(name, from)) {
    throw new AppError('CONFLICT', `The round is at ${from.stage} (${from.status}); from there it cannot be ${describe(name)}.`, {
      details: { transition: name, stage: from.stage, status: from.status },
      remedy: 'Load the page again and decide on what it shows now.',
    });
  }
  const to = table[name].to;
  return { stage: to.stage === 'same' ? from.stage : to.stage, status: to.status };
}

function describe(name: TransitionName): string {
  return name.replaceAll(/([A-Z])/g, ' $1').toLowerCase();
}

export function isTerminal(status: StageStatus): boolean {
  return status === 'DONE' || status === 'CANCELLED';
}

/** The stages that are a Run; LABELING, the gate and the decision are not. */
export const runKindOfStage = {
  SAMPLING: 'GENERATION',
  REWARD_TRAINING: 'REWARD_TRAINING',
  POLICY_TRAINING: 'POLICY_TRAINING',
  EVALUATION: 'EVALUATION',
} as const satisfies Partial<Record<RoundStage, string>>;

export function stageIndex(stage: RoundStage): number {
  return roundStages.indexOf(stage);
}
