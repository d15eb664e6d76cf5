import { AppError } from '#lib/errors';
import { authorise } from '#lib/services/people/authorise';
import { answerUpload } from '../../../../_trpc/upload-route';

export const dynamic = 'force-dynamic';

/** Body: one file of a model folder. Streamed to the blob store; the answer is its address. Only an import gives it a meaning. */
export async function POST(request: Request, { params }: { params: Promise<{ projectId: string }> }): Promise<Response> {
  const { projectId } = await params;
  return answerUpload(request, async (deps, actor) => {
    await authorise(deps, actor, projectId, 'model.import');
    const size = Number(request.headers.get('content-length') ?? 0);
    if (size > (await deps.blobs.freeBytes())) {
      throw new AppError('DISK_FULL', 'There is not enough room for this file.', { remedy: 'Free some disk space, then send it again.' });
    }
    if (!request.body) throw new AppError('BAD_INPUT', 'The file is empty.');
    return deps.blobs.putStream(request.body);
  });
}
