import type { Db } from '#lib/db/create-db';
import { hashJson } from '#lib/domain/canonical-json';
import type { FormSpec } from '#lib/domain/forms';
import { createRankingProject, type RankingProject, type RankingTask } from './ranking-tasks';

/** The project of `createRankingProject`, its tasks under another form. */
export async function createKindProject(db: Db, tasks: readonly RankingTask[], spec: FormSpec): Promise<RankingProject> {
  const project = await createRankingProject(db, tasks);
  const { projectId } = project;
  const { id: formVersionId } = await db.formVersion.create({
    data: { projectId, version: 2, kind: spec.kind, spec: JSON.parse(JSON.stringify(spec)), contentHash: hashJson(spec) },
  });
  await db.task.updateMany({ where: { projectId }, data: { kind: spec.kind, formVersionId } });
  return project;
}
