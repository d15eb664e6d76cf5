import { taskKinds } from '#lib/domain/forms';
import { authorise } from '#lib/services/people/authorise';
import { importTasks } from '#lib/services/tasks/import-tasks';
import { answerUpload, readBody } from '../../../../_trpc/upload-route';

export const dynamic = 'force-dynamic';

const largest = 256 * 1024 * 1024;

/** Body: a JSONL file of tasks; `?name=` of the dataset that their prompts make, `?kind=` of rows that name none, `?file=` as the person knows it. */
export async function POST(request: Request, { params }: { params: Promise<{ projectId: string }> }): Promise<Response> {
  const { projectId } = await params;
  const query = new URL(request.url).searchParams;
  return answerUpload(request, async (deps, actor) => {
    // Before the body is read: who may not import does not fill the memory.
    await authorise(deps, actor, projectId, 'labeling.manage');
    const bytes = await readBody(request, largest);
    const sourceName = query.get('file') ?? undefined;
    const kind = taskKinds.find((one) => one === query.get('kind'));
    return importTasks(deps, actor, {
      projectId,
      name: query.get('name') ?? '',
      ...(kind && { kind }),
      ...(sourceName && { sourceName }),
      bytes,
    });
  });
}
