import { notFound } from 'next/navigation';
import { cache } from 'react';
import { isAllowed, type ProjectAction } from '#lib/domain/permissions';
import { AppError } from '#lib/errors';
import { countUnread } from '#lib/services/messages/count-unread';
import { listMyProjects } from '#lib/services/people/list-my-projects';
import { getProject } from '#lib/services/projects/get-project';
import { requireSession } from '../../../_auth/session';
import { type ProjectTab, projectTabs } from '../../../_components/shell/project-tabs';
import { getDeps } from '../../../_deps';

/** What one must be allowed to do for a tab to be shown, and its page to open. */
const tabAction: Readonly<Record<ProjectTab, ProjectAction>> = {
  mine: 'labeling.annotate',
  annotate: 'labeling.annotate',
  history: 'labeling.annotate',
  guideline: 'guideline.read',
  messages: 'labeling.annotate',
  review: 'review.judge',
  quality: 'quality.read',
  data: 'dataset.read',
  models: 'model.read',
  runs: 'run.read',
  loops: 'loop.read',
  arena: 'model.read',
  people: 'member.read',
  settings: 'member.read',
};

/** Person, project and the shell's parts for a page under /p/[project]; once a request. Sends to sign-in or "not found". */
export const loadProject = cache(async (slug: string) => {
  const { user, actor } = await requireSession();
  const deps = getDeps();
  const [project, projects] = await Promise.all([
    getProject(deps, actor, { slug: decodeURIComponent(slug) }).catch((error: unknown) => {
      if (error instanceof AppError && (error.code === 'NOT_FOUND' || error.code === 'FORBIDDEN')) notFound();
      throw error;
    }),
    listMyProjects(deps, actor),
  ]);
  const may = (action: ProjectAction) => isAllowed(project.roles, user.isSystemAdmin, action);
  const unread = await countUnread(deps, actor, { projectId: project.id });
  const waiting = { messages: unread.own + unread.project + unread.reports };
  return { deps, user, actor, project, projects, may, unread, waiting, tabs: tabsFor(may) };
});

function tabsFor(may: (action: ProjectAction) => boolean): readonly ProjectTab[] {
  // Who runs the project reaches his own history and the guideline from other pages: the bar has no room for all.
  const behind: readonly ProjectTab[] = may('dataset.read') ? ['history', 'guideline'] : [];
  return projectTabs.filter((tab) => !behind.includes(tab) && (may(tabAction[tab]) || (tab === 'messages' && may('labeling.manage'))));
}
