import type { ReactNode } from 'react';
import { Shell } from '../../../_components/shell/shell';
import { loadProject } from '../_lib/load-project';

export default async function ProjectLayout({ children, params }: { children: ReactNode; params: Promise<{ project: string }> }) {
  const { user, project, projects, tabs, waiting } = await loadProject((await params).project);
  return (
    <Shell user={user} project={project} projects={projects} tabs={tabs} waiting={waiting}>
      {children}
    </Shell>
  );
}
