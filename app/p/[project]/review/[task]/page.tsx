import type { Metadata } from 'next';
import { notFound } from 'next/navigation';
import { AppError } from '#lib/errors';
import { openReview } from '#lib/services/review/open-review';
import { Shell } from '../../../../_components/shell/shell';
import { ErrorNote } from '../../../../_components/ui/error-note';
import { NoPermission } from '../../../../_components/ui/no-permission';
import { getT } from '../../../../_i18n/server';
import { loadProject } from '../../_lib/load-project';
import { DecideScreen } from './_components/decide-screen';
import { JudgeScreen } from './_components/judge-screen';

type Props = { params: Promise<{ project: string; task: string }> };

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getT('review'))('title') };
}

/** First the reviewer's own judgement, on the screen that annotators have; then all labels side by side, and the decision. */
export default async function ReviewTaskPage({ params }: Props) {
  const { project: slug, task: taskId } = await params;
  const { deps, actor, user, project, projects, tabs, may } = await loadProject(slug);
  const shell = { user, project, projects, tabs };
  if (!may('review.judge')) {
    return (
      <Shell {...shell}>
        <NoPermission action="review.judge" held={project.roles} />
      </Shell>
    );
  }
  const review = await openReview(deps, actor, { taskId }).catch((error: unknown) => {
    if (!(error instanceof AppError) || error.code !== 'PRECONDITION') notFound();
    return error;
  });
  if (review instanceof AppError) {
    const { code, message, remedy } = review;
    return (
      <Shell {...shell}>
        <div className="page mid">
          <ErrorNote error={{ data: { shown: { code, message, remedy } } }} />
        </div>
      </Shell>
    );
  }
  const work = { id: project.id, slug: project.slug, name: project.name };
  if (review.judgement === null) return <JudgeScreen userId={user.id} project={work} task={review.task} />;
  return (
    <Shell {...shell}>
      <DecideScreen review={review} slug={project.slug} mayMakeGold={may('quality.manage')} />
    </Shell>
  );
}
