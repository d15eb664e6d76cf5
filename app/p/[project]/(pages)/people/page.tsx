import type { Metadata } from 'next';
import Link from 'next/link';
import { listPeople } from '#lib/services/people/list-people';
import { listAppeals } from '#lib/services/quality/list-appeals';
import { NoPermission } from '../../../../_components/ui/no-permission';
import { getT } from '../../../../_i18n/server';
import { loadProject } from '../../_lib/load-project';
import { AppealsCard } from './_components/appeals-card';
import { PeopleTable } from './_components/people-table';

type Props = { params: Promise<{ project: string }> };

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getT('quality'))('members.title') };
}

export default async function PeoplePage({ params }: Props) {
  const { deps, actor, project, may } = await loadProject((await params).project);
  if (!may('member.read')) return <NoPermission action="member.read" held={project.roles} />;
  const t = await getT('quality');
  const projectId = project.id;
  const [{ people, namesShown, currency }, appeals] = await Promise.all([
    listPeople(deps, actor, { projectId }),
    listAppeals(deps, actor, { projectId }),
  ]);
  return (
    <div className="page">
      <div className="head">
        <h1>{t('members.title')}</h1>
        <span className="sm dim">{t('members.count', { n: people.length })}</span>
        {!namesShown && <span className="sm dim">{t('people.hidden')}</span>}
        <span className="grow" />
        {may('member.invite') && (
          <Link className="btn" href={`/p/${project.slug}/settings`}>
            {t('members.invite')}
          </Link>
        )}
      </div>
      <div className="card">
        <PeopleTable
          projectId={projectId}
          people={people}
          currency={currency}
          mayEdit={may('member.manage')}
          mayPause={may('quality.manage')}
        />
      </div>
      <AppealsCard appeals={appeals} mayAnswer={may('quality.manage')} />
    </div>
  );
}
