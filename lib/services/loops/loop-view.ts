import type { RoundStage, StageStatus } from '#lib/domain/loop';
import type { LoopConfig } from '#lib/domain/loop-config';
import type { Estimate } from '#lib/domain/statistics/estimate';

/** The one number that a stage exists for. */
export type Figure =
  | {
      readonly kind: 'samples';
      readonly prompts: number;
      readonly responsesPerPrompt: number;
      readonly done: number;
      readonly wanted: number;
    }
  | { readonly kind: 'labels'; readonly filled: number; readonly wanted: number; readonly activeMs: number }
  | { readonly kind: 'snapshot'; readonly snapshotId: string; readonly hash: string; readonly annotations: number }
  | { readonly kind: 'progress'; readonly step: number; readonly totalSteps: number | null; readonly phase: string | null }
  | { readonly kind: 'accuracy'; readonly estimate: Estimate }
  | {
      readonly kind: 'gate';
      readonly estimate: Estimate;
      readonly required: number | null;
      readonly by: 'rule' | 'person' | null;
      readonly person: string | null;
    }
  | { readonly kind: 'kl'; readonly nats: number; readonly reward: number | null; readonly steps: number }
  | { readonly kind: 'comparisons'; readonly filled: number; readonly wanted: number }
  | { readonly kind: 'win-rate'; readonly estimate: Estimate; readonly against: 'reference' | 'previous'; readonly reference: Estimate }
  | {
      readonly kind: 'decision';
      readonly outcome: 'PROMOTED' | 'REJECTED' | 'STOPPED';
      readonly by: 'rule' | 'person';
      readonly person: string | null;
    };

export interface StageCell {
  readonly stage: RoundStage;
  readonly state: StageStatus | 'TO_COME';
  readonly enteredAt: Date | null;
  readonly leftAt: Date | null;
  readonly runId: string | null;
  readonly figure: Figure | null;
}

interface NamedModel {
  readonly id: string;
  readonly name: string;
}

export interface RoundView {
  readonly id: string;
  readonly ordinal: number;
  readonly stage: RoundStage;
  readonly status: StageStatus;
  readonly outcome: 'PROMOTED' | 'REJECTED' | 'STOPPED' | null;
  readonly reason: string | null;
  readonly reasonCode: string | null;
  readonly resumable: boolean;
  readonly createdAt: Date;
  readonly finishedAt: Date | null;
  readonly initPolicy: NamedModel;
  readonly rewardModel: NamedModel | null;
  readonly candidate: NamedModel | null;
  readonly snapshotId: string | null;
  /** One a stage, in their order. */
  readonly cells: readonly StageCell[];
}

export type DecisionKind =
  | 'started'
  | 'gate-passed'
  | 'gate-overridden'
  | 'more-labels'
  | 'stopped'
  | 'promoted'
  | 'rejected'
  | 'paused'
  | 'resumed'
  | 'cancelled'
  | 'failed'
  | 'tasks-closed';

export interface DecisionView {
  readonly id: string;
  readonly ordinal: number;
  readonly at: Date;
  readonly what: DecisionKind;
  readonly by: 'rule' | 'person';
  readonly person: string | null;
  readonly reason: string | null;
  /** The numbers that the decision stood on; those of the reward gate and of a promotion hold an Estimate each. */
  readonly accuracy: Estimate | null;
  readonly winRate: Estimate | null;
  readonly required: number | null;
}

export interface Waiting {
  readonly roundId: string;
  readonly ordinal: number;
  readonly stage: RoundStage;
  readonly since: Date;
  readonly kind: 'labels' | 'gate' | 'comparisons' | 'decision' | 'failed' | 'paused' | 'cancelled';
  readonly for: 'ANNOTATOR' | 'RESEARCHER';
  readonly figure: Figure | null;
  readonly reason: string | null;
  readonly reasonCode: string | null;
  readonly resumable: boolean;
}

export interface LoopView {
  readonly id: string;
  readonly projectId: string;
  readonly name: string;
  readonly status: StageStatus;
  readonly started: boolean;
  readonly reason: string | null;
  readonly createdAt: Date;
  readonly finishedAt: Date | null;
  readonly startedBy: string | null;
  readonly config: LoopConfig;
  readonly reference: NamedModel;
  readonly dataset: NamedModel;
  readonly waiting: Waiting | null;
  /** Oldest first. */
  readonly rounds: readonly RoundView[];
  /** Newest first. */
  readonly decisions: readonly DecisionView[];
}
