import { decideAppeal, decideAppealInput } from '#lib/services/quality/decide-appeal';
import { dismissDrift, dismissDriftInput } from '#lib/services/quality/dismiss-drift';
import { fileAppeal, fileAppealInput } from '#lib/services/quality/file-appeal';
import { getOwnStanding, getOwnStandingInput } from '#lib/services/quality/get-own-standing';
import { getQualificationTest, getQualificationTestInput } from '#lib/services/quality/get-qualification-test';
import { getQualityPolicy, getQualityPolicyInput } from '#lib/services/quality/get-quality-policy';
import { getQualityReport, getQualityReportInput } from '#lib/services/quality/get-quality-report';
import { listAppeals, listAppealsInput } from '#lib/services/quality/list-appeals';
import { listAttempts, listAttemptsInput } from '#lib/services/quality/list-attempts';
import { listGold, listGoldInput } from '#lib/services/quality/list-gold';
import { listGoldCandidates, listGoldCandidatesInput } from '#lib/services/quality/list-gold-candidates';
import { pauseMember, pauseMemberInput } from '#lib/services/quality/pause-member';
import { promoteGold, promoteGoldInput } from '#lib/services/quality/promote-gold';
import { rateAttempt, rateAttemptInput } from '#lib/services/quality/rate-attempt';
import { requestQualityReport, requestQualityReportInput } from '#lib/services/quality/request-quality-report';
import { resumeMember, resumeMemberInput } from '#lib/services/quality/resume-member';
import { retireGold, retireGoldInput } from '#lib/services/quality/retire-gold';
import { saveQualificationTest, saveQualificationTestInput } from '#lib/services/quality/save-qualification-test';
import { saveQualityPolicy, saveQualityPolicyInput } from '#lib/services/quality/save-quality-policy';
import { startQualification, startQualificationInput } from '#lib/services/quality/start-qualification';
import { procedure, router } from '../init';

export const qualityRouter = router({
  report: procedure.input(getQualityReportInput).query(({ ctx, input }) => getQualityReport(ctx.deps, ctx.actor, input)),
  computeReport: procedure.input(requestQualityReportInput).mutation(({ ctx, input }) => requestQualityReport(ctx.deps, ctx.actor, input)),
  dismissDrift: procedure.input(dismissDriftInput).mutation(({ ctx, input }) => dismissDrift(ctx.deps, ctx.actor, input)),
  policy: procedure.input(getQualityPolicyInput).query(({ ctx, input }) => getQualityPolicy(ctx.deps, ctx.actor, input)),
  savePolicy: procedure.input(saveQualityPolicyInput).mutation(({ ctx, input }) => saveQualityPolicy(ctx.deps, ctx.actor, input)),
  gold: procedure.input(listGoldInput).query(({ ctx, input }) => listGold(ctx.deps, ctx.actor, input)),
  goldCandidates: procedure.input(listGoldCandidatesInput).query(({ ctx, input }) => listGoldCandidates(ctx.deps, ctx.actor, input)),
  promoteGold: procedure.input(promoteGoldInput).mutation(({ ctx, input }) => promoteGold(ctx.deps, ctx.actor, input)),
  retireGold: procedure.input(retireGoldInput).mutation(({ ctx, input }) => retireGold(ctx.deps, ctx.actor, input)),
  pause: procedure.input(pauseMemberInput).mutation(({ ctx, input }) => pauseMember(ctx.deps, ctx.actor, input)),
  resume: procedure.input(resumeMemberInput).mutation(({ ctx, input }) => resumeMember(ctx.deps, ctx.actor, input)),
  fileAppeal: procedure.input(fileAppealInput).mutation(({ ctx, input }) => fileAppeal(ctx.deps, ctx.actor, input)),
  appeals: procedure.input(listAppealsInput).query(({ ctx, input }) => listAppeals(ctx.deps, ctx.actor, input)),
  decideAppeal: procedure.input(decideAppealInput).mutation(({ ctx, input }) => decideAppeal(ctx.deps, ctx.actor, input)),
  ownStanding: procedure.input(getOwnStandingInput).query(({ ctx, input }) => getOwnStanding(ctx.deps, ctx.actor, input)),
  test: procedure.input(getQualificationTestInput).query(({ ctx, input }) => getQualificationTest(ctx.deps, ctx.actor, input)),
  saveTest: procedure.input(saveQualificationTestInput).mutation(({ ctx, input }) => saveQualificationTest(ctx.deps, ctx.actor, input)),
  startQualification: procedure.input(startQualificationInput).mutation(({ ctx, input }) => startQualification(ctx.deps, ctx.actor, input)),
  attempts: procedure.input(listAttemptsInput).query(({ ctx, input }) => listAttempts(ctx.deps, ctx.actor, input)),
  rateAttempt: procedure.input(rateAttemptInput).mutation(({ ctx, input }) => rateAttempt(ctx.deps, ctx.actor, input)),
});
