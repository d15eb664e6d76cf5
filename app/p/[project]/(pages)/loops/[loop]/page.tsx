import type { Metadata } from 'next';
import { notFound } from 'next/navigation';
import { AppError } from '#lib/errors';
import { getLoop } from '#lib/services/loops/get-loop';
import { NoPermission } from '../../../../../_components/ui/no-permission';
import { getT } from '../../../../../_i18n/server';
import { loadProject } from '../../../_lib/load-project';
import { LoopScreen } from './_components/loop-screen';

type Props = { params: Promise<{ project: string; loop: string }> };

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getT('loops'))('title') };
}

export default async function LoopPage({ params }: Props) {
  const { project: slug, loop: loopId } = await params;
  const { deps, actor, project, may } = await loadProject(slug);
  if (!may('loop.read')) return <NoPermission action="loop.read" held={project.roles} />;
  const loop = await getLoop(deps, actor, { loopId }).catch((error: unknown) => {
    const missing = error instanceof AppError ? error.code === 'NOT_FOUND' : error instanceof Error && error.name === 'ZodError';
    if (missing) notFound();
    throw error;
  });
  const rights = { operate: may('loop.operate'), annotate: may('labeling.annotate'), invite: may('member.invite') };
  return <LoopScreen slug={project.slug} initial={loop} rights={rights} />;
}
