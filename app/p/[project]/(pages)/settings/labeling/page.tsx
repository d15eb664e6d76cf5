import type { Metadata } from 'next';
import Link from 'next/link';
import { parseLabelingPolicy } from '#lib/domain/labeling-policy';
import { getLabelingPolicy } from '#lib/services/labeling/get-labeling-policy';
import { listPools } from '#lib/services/labeling/list-pools';
import { listSetAside } from '#lib/services/labeling/list-set-aside';
import { NoPermission } from '../../../../../_components/ui/no-permission';
import { getT } from '../../../../../_i18n/server';
import { loadProject } from '../../../_lib/load-project';
import { PolicyForm } from './_components/policy-form';
import { PoolsCard } from './_components/pools-card';
import { QualitySummary } from './_components/quality-summary';
import { SetAsideCard } from './_components/set-aside-card';

type Props = { params: Promise<{ project: string }> };

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getT('labeling'))('title') };
}

export default async function LabelingPage({ params }: Props) {
  const { deps, actor, project, may } = await loadProject((await params).project);
  if (!may('labeling.manage')) return <NoPermission action="labeling.manage" held={project.roles} />;
  const t = await getT('labeling');
  const projectId = project.id;
  const [policy, pools, aside] = await Promise.all([
    getLabelingPolicy(deps, actor, { projectId }),
    listPools(deps, actor, { projectId }),
    listSetAside(deps, actor, { projectId }),
  ]);
  return (
    <div className="page mid">
      <h1>{t('title')}</h1>
      <p className="ink2">
        {t('intro')} <Link href={`/p/${project.slug}/settings`}>{t('back')}</Link>
      </p>
      <PoolsCard projectId={projectId} pools={pools} />
      <SetAsideCard tasks={aside.tasks} total={aside.total} />
      <PolicyForm
        projectId={projectId}
        policy={policy}
        usual={parseLabelingPolicy({})}
        checks={<QualitySummary slug={project.slug} policy={policy} />}
      />
    </div>
  );
}
