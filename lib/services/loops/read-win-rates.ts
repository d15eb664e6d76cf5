import type { Tx } from '#lib/db/create-db';
import { comparisonOf } from '#lib/domain/annotation-content';
import type { Estimate } from '#lib/domain/statistics/estimate';
import { type BlindComparison, winRate } from '#lib/domain/win-rate';
import type { LockedRound } from './lock-round';

export interface WinRates {
  /** Against the policy that the round started from. */
  readonly previous: Estimate;
  /** Against the SFT policy. */
  readonly reference: Estimate;
}

/** What people said in the blind comparisons of this round's candidate. Surplus annotations and withdrawn ones are not live, so not counted. */
export async function readWinRates(
  tx: Tx,
  round: { id: string; initPolicyId: string; candidateId: string | null; loop: Pick<LockedRound['loop'], 'referenceId'> },
): Promise<WinRates> {
  const tasks = await tx.task.findMany({
    where: { roundId: round.id, purpose: 'EVALUATION' },
    select: {
      responses: { select: { response: { select: { id: true, modelVersionId: true } } } },
      slots: { where: { state: 'FILLED' }, select: { liveAnnotationId: true } },
    },
  });
  const liveIds = tasks.flatMap((task) => task.slots.map((slot) => slot.liveAnnotationId)).filter((id) => id !== null);
  const annotations = await tx.annotation.findMany({ where: { id: { in: liveIds } }, select: { id: true, content: true } });
  const contentOf = new Map(annotations.map((annotation) => [annotation.id, annotation.content]));
  const against = (baselineModelId: string): BlindComparison[] =>
    tasks.flatMap((task) => {
      const responses = task.responses.map((each) => each.response);
      const candidate = responses.find((response) => response.modelVersionId === round.candidateId);
      const baseline = responses.find((response) => response.modelVersionId === baselineModelId);
      if (!candidate || !baseline) return [];
      const judgements = task.slots.flatMap((slot) => {
        const content = slot.liveAnnotationId ? contentOf.get(slot.liveAnnotationId) : undefined;
        return comparisonOf(content ?? {}) ?? [];
      });
      return [{ candidateResponseId: candidate.id, baselineResponseId: baseline.id, judgements }];
    });
  return { previous: winRate(against(round.initPolicyId)), reference: winRate(against(round.loop.referenceId)) };
}
