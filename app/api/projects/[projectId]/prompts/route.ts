import { importPrompts } from '#lib/services/data/import-prompts';
import { authorise } from '#lib/services/people/authorise';
import { answerUpload, readBody } from '../../../../_trpc/upload-route';

export const dynamic = 'force-dynamic';

const largest = 256 * 1024 * 1024;

/** Body: a JSONL file; `?name=` of the dataset, `?file=` as the person knows it. */
export async function POST(request: Request, { params }: { params: Promise<{ projectId: string }> }): Promise<Response> {
  const { projectId } = await params;
  const query = new URL(request.url).searchParams;
  return answerUpload(request, async (deps, actor) => {
    // Before the body is read: who may not import does not fill the memory.
    await authorise(deps, actor, projectId, 'dataset.import');
    const bytes = await readBody(request, largest);
    const sourceName = query.get('file') ?? undefined;
    return importPrompts(deps, actor, { projectId, name: query.get('name') ?? '', ...(sourceName && { sourceName }), bytes });
  });
}
