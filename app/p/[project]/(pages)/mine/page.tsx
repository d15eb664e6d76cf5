import type { Metadata } from 'next';
import { NoPermission } from '../../../../_components/ui/no-permission';
import { getT } from '../../../../_i18n/server';
import { loadProject } from '../../_lib/load-project';
import { OwnPage } from './_components/own-page';

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getT('mine'))('title') };
}

/** The own work of somebody who also runs the project; for annotators it is the project's front page. */
export default async function MinePage({ params }: { params: Promise<{ project: string }> }) {
  const loaded = await loadProject((await params).project);
  if (!loaded.may('labeling.annotate')) return <NoPermission action="labeling.annotate" held={loaded.project.roles} />;
  return <OwnPage loaded={loaded} title={(await getT('mine'))('title')} />;
}
