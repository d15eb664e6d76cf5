import type { Metadata } from 'next';
import { Shell } from '../../../_components/shell/shell';
import { NoPermission } from '../../../_components/ui/no-permission';
import { getT } from '../../../_i18n/server';
import { loadProject } from '../_lib/load-project';
import { AnnotateScreen } from './_components/annotate-screen';

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getT('annotate'))('title') };
}

/** The annotation screen has a bar of its own: nothing on it but the work. */
export default async function AnnotatePage({ params }: { params: Promise<{ project: string }> }) {
  const { user, project, projects, tabs, may } = await loadProject((await params).project);
  if (!may('labeling.annotate')) {
    return (
      <Shell user={user} project={project} projects={projects} tabs={tabs}>
        <NoPermission action="labeling.annotate" held={project.roles} />
      </Shell>
    );
  }
  return <AnnotateScreen userId={user.id} project={{ id: project.id, slug: project.slug, name: project.name }} />;
}
