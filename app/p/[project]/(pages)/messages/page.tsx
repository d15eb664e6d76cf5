import type { Metadata } from 'next';
import { AppError } from '#lib/errors';
import { readThread } from '#lib/services/messages/read-thread';
import { NoPermission } from '../../../../_components/ui/no-permission';
import { NotFoundCard } from '../../../../_components/ui/not-found-card';
import { getT } from '../../../../_i18n/server';
import { loadProject } from '../../_lib/load-project';
import { ReportsCard } from './_components/reports-card';
import { SatisfactionCard } from './_components/satisfaction-card';
import { ThreadPage } from './_components/thread-page';
import { ThreadsCard } from './_components/threads-card';

interface Props {
  params: Promise<{ project: string }>;
  searchParams: Promise<{ task?: string; annotator?: string; after?: string; decided?: string }>;
}

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getT('contact'))('title') };
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** For annotators what they and the lead wrote; for the lead reports, messages and how the work is found. */
export default async function MessagesPage({ params, searchParams }: Props) {
  const loaded = await loadProject((await params).project);
  const { deps, actor, project, may } = loaded;
  const [t, asked] = [await getT('contact'), await searchParams];
  if (!may('labeling.annotate') && !may('labeling.manage')) return <NoPermission action="labeling.annotate" held={project.roles} />;
  if (asked.task) {
    if (!uuid.test(asked.task) || (asked.annotator && !uuid.test(asked.annotator))) return <NotFoundCard />;
    const thread = { projectId: project.id, taskId: asked.task, ...(asked.annotator && { annotatorId: asked.annotator }) };
    const view = await readThread(deps, actor, thread).catch((error: unknown) => {
      if (error instanceof AppError && (error.code === 'NOT_FOUND' || error.code === 'FORBIDDEN')) return null;
      throw error;
    });
    return view ? <ThreadPage slug={project.slug} thread={thread} view={view} /> : <NotFoundCard />;
  }
  const own = may('labeling.annotate') && !may('labeling.manage');
  return (
    <div className="page mid">
      <div>
        <h1>{own ? t('own.title') : t('title')}</h1>
        {own && <p className="ink2">{t('own.text')}</p>}
      </div>
      {may('labeling.manage') && <ReportsCard loaded={loaded} decided={asked.decided === '1'} />}
      {may('labeling.manage') && <ThreadsCard loaded={loaded} scope="project" after={asked.after} />}
      {may('labeling.annotate') && <ThreadsCard loaded={loaded} scope="own" after={own ? asked.after : undefined} />}
      {may('labeling.manage') && <SatisfactionCard loaded={loaded} />}
    </div>
  );
}
