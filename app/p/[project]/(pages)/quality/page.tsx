import type { Metadata } from 'next';
import { type ReportScope, reportPeriods } from '#lib/domain/quality/report-scope';
import { listGuidelines } from '#lib/services/guidelines/list-guidelines';
import { getQualificationTest } from '#lib/services/quality/get-qualification-test';
import { getQualityPolicy } from '#lib/services/quality/get-quality-policy';
import { getQualityReport } from '#lib/services/quality/get-quality-report';
import { listAttempts } from '#lib/services/quality/list-attempts';
import { listGold } from '#lib/services/quality/list-gold';
import { listGoldCandidates } from '#lib/services/quality/list-gold-candidates';
import { listReviewQueue } from '#lib/services/review/list-review-queue';
import { NoPermission } from '../../../../_components/ui/no-permission';
import { getT } from '../../../../_i18n/server';
import { loadProject } from '../../_lib/load-project';
import { AgreementCard } from './_components/agreement-card';
import { AttemptsCard } from './_components/attempts-card';
import { DriftNote } from './_components/drift-note';
import { DwellCard } from './_components/dwell-card';
import { GoldCard } from './_components/gold-card';
import { BiasesCard, GuidelinesCard } from './_components/label-cards';
import { PeopleCard } from './_components/people-card';
import { PolicyCard } from './_components/policy-card';
import styles from './_components/quality.module.css';
import { ReportHead } from './_components/report-head';
import { SettleCard } from './_components/settle-card';
import { TestCard } from './_components/test-card';

type Props = { params: Promise<{ project: string }>; searchParams: Promise<{ days?: string; guideline?: string }> };

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getT('quality'))('title') };
}

export default async function QualityPage({ params, searchParams }: Props) {
  const { deps, actor, project, may } = await loadProject((await params).project);
  if (!may('quality.read')) return <NoPermission action="quality.read" held={project.roles} />;
  const t = await getT('quality');
  const projectId = project.id;
  const [asked, guidelines] = [await searchParams, await listGuidelines(deps, actor, { projectId })];
  // What is no period and no version stands for everything.
  const scope: ReportScope = {
    days: reportPeriods.find((days) => String(days) === asked.days) ?? null,
    guideline: guidelines.find(({ version }) => String(version) === asked.guideline)?.version ?? null,
  };
  const limited = scope.days !== null || scope.guideline !== null;
  const [mayManage, mayReview] = [may('quality.manage'), may('review.judge')];
  const [view, queue, attempts, managed] = await Promise.all([
    getQualityReport(deps, actor, { projectId, ...scope }),
    mayReview ? listReviewQueue(deps, actor, { projectId, limit: 4 }) : { open: 0, items: [] },
    listAttempts(deps, actor, { projectId }),
    mayManage ? loadManaged() : null,
  ]);
  const { report } = view;
  const waiting = attempts.filter(({ state }) => state === 'WAITING');
  const drifting = report?.drifts.map(({ userId }) => userId) ?? [];
  return (
    <div className="page">
      <ReportHead
        projectId={projectId}
        scope={scope}
        guidelines={guidelines.map(({ version }) => version)}
        report={report}
        computedAt={view.computedAt}
        pending={view.pending}
      />
      <div className={styles.grid}>
        <div className={styles.column}>
          {report && report.labels > 0 ? (
            <>
              {report.agreement.length > 0 && <AgreementCard rows={report.agreement} />}
              <DwellCard rows={report.dwell} />
              {scope.guideline === null && <GuidelinesCard rows={report.guidelines} />}
            </>
          ) : (
            <section className="card empty">
              <b>{t('none.title')}</b>
              <p>{report ? t(limited ? 'none.noneHere' : 'none.noLabels') : t('none.text')}</p>
            </section>
          )}
          {waiting.length > 0 && <AttemptsCard attempts={waiting} />}
        </div>
        <div className={styles.column}>
          {report?.drifts.map((drift) => (
            <DriftNote key={`${drift.userId} ${drift.guideline}`} projectId={projectId} drift={drift} mayManage={mayManage} />
          ))}
          <SettleCard slug={project.slug} open={queue.open} items={queue.items} may={mayReview} />
          {report && report.labels > 0 && <BiasesCard biases={report.biases} />}
        </div>
      </div>
      {report && report.labels > 0 && (
        <PeopleCard slug={project.slug} rows={report.rows} drifting={drifting} namesShown={view.namesShown} />
      )}
      {managed && (
        <>
          <GoldCard gold={managed.gold} candidates={managed.candidates} maxExposures={managed.policy.gold.maxExposures} />
          <div className={styles.grid}>
            <TestCard
              key={managed.test.version}
              projectId={projectId}
              test={managed.test}
              tasks={managed.gold.filter(({ purpose, retiredAt }) => purpose === 'QUALIFICATION' && !retiredAt)}
            />
            <PolicyCard projectId={projectId} policy={managed.policy} />
          </div>
        </>
      )}
    </div>
  );

  async function loadManaged() {
    const [gold, candidates, test, policy] = await Promise.all([
      listGold(deps, actor, { projectId }),
      listGoldCandidates(deps, actor, { projectId }),
      getQualificationTest(deps, actor, { projectId }),
      getQualityPolicy(deps, actor, { projectId }),
    ]);
    return { gold, candidates, test, policy };
  }
}
