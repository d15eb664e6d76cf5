import type { Metadata } from 'next';
import { notFound } from 'next/navigation';
import { AppError } from '#lib/errors';
import { getMetrics } from '#lib/services/runs/get-metrics';
import { getRun } from '#lib/services/runs/get-run';
import { getSamples } from '#lib/services/runs/get-samples';
import { NoPermission } from '../../../../../_components/ui/no-permission';
import { getT } from '../../../../../_i18n/server';
import { loadProject } from '../../../_lib/load-project';
import { RunScreen } from './_components/run-screen';

type Props = { params: Promise<{ project: string; run: string }> };

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getT('runs'))('title') };
}

export default async function RunPage({ params }: Props) {
  const { project: slug, run: runId } = await params;
  const { deps, actor, project, may } = await loadProject(slug);
  if (!may('run.read')) return <NoPermission action="run.read" held={project.roles} />;
  const run = await getRun(deps, actor, { runId }).catch((error: unknown) => {
    const missing = error instanceof AppError ? error.code === 'NOT_FOUND' : error instanceof Error && error.name === 'ZodError';
    if (missing) notFound();
    throw error;
  });
  const [metrics, samples] = await Promise.all([getMetrics(deps, actor, { runId }), getSamples(deps, actor, { runId })]);
  return <RunScreen slug={project.slug} initial={run} metrics={metrics} samples={samples} mayOperate={may('run.operate')} />;
}
