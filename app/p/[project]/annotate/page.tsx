import type { Metadata } from 'next';
import { getPreferences } from '#lib/services/own-work/get-preferences';
import { Shell } from '../../../_components/shell/shell';
import { NoPermission } from '../../../_components/ui/no-permission';
import { getT } from '../../../_i18n/server';
import { loadProject } from '../_lib/load-project';
import { AnnotateScreen } from './_components/annotate-screen';
import { OwnSettingsProvider } from './_panels/own-settings';

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getT('annotate'))('title') };
}

interface Props {
  params: Promise<{ project: string }>;
  /** `correct`: an own annotation to be changed. */
  searchParams: Promise<{ correct?: string | string[] }>;
}

/** The annotation screen has a bar of its own: nothing on it but the work. */
export default async function AnnotatePage({ params, searchParams }: Props) {
  const { deps, actor, user, project, projects, tabs, may } = await loadProject((await params).project);
  if (!may('labeling.annotate')) {
    return (
      <Shell user={user} project={project} projects={projects} tabs={tabs}>
        <NoPermission action="labeling.annotate" held={project.roles} />
      </Shell>
    );
  }
  const { correct } = await searchParams;
  const corrects = typeof correct === 'string' ? correct : null;
  const preferences = await getPreferences(deps, actor, { projectId: project.id });
  return (
    <OwnSettingsProvider initial={preferences}>
      <AnnotateScreen
        key={corrects}
        userId={user.id}
        project={{ id: project.id, slug: project.slug, name: project.name }}
        corrects={corrects}
      />
    </OwnSettingsProvider>
  );
}
