import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ServedFile {
  readonly body: Buffer | string;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Answers the n-th request (from 0) with fewer bytes than it says, or with a status; undefined: whole. */
  readonly disturb?: (request: number) => { readonly cutAfter?: number; readonly status?: number } | undefined;
  /** Whole files only, as some mirrors do. */
  readonly noRange?: boolean;
  readonly redirectTo?: string;
}

export interface ByteServer {
  readonly url: string;
  readonly files: Map<string, ServedFile>;
  readonly requests: { readonly path: string; readonly headers: IncomingHttpHeaders }[];
  close(): Promise<void>;
}

/** Files over real HTTP on a free port, with the faults that downloads meet. */
export async function startByteServer(): Promise<ByteServer> {
  const files = new Map<string, ServedFile>();
  const requests: { path: string; headers: IncomingHttpHeaders }[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    const earlier = requests.filter((each) => each.path === path).length;
    requests.push({ path, headers: request.headers });
    const file = files.get(path);
    if (file) answer(file, earlier, request.headers.range, response);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    files,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answer(file: ServedFile, earlier: number, range: string | undefined, response: ServerResponse): void {
  const fault = file.disturb?.(earlier);
  if (file.redirectTo) {
    response.writeHead(302, { location: file.redirectTo }).end();
    return;
  }
  if (fault?.status) {
    response.writeHead(fault.status).end();
    return;
  }
  const body = Buffer.from(file.body);
  const from = file.noRange ? 0 : Number(/bytes=(\d+)-/.exec(range ?? '')?.[1] ?? 0);
  const head = { ...(file.type ? { 'content-type': file.type } : {}), ...file.headers };
  if (from >= body.length && from > 0) {
    response.writeHead(416, { 'content-range': `bytes */${body.length}` }).end();
    return;
  }
  const part = body.subarray(from);
  response.writeHead(from > 0 ? 206 : 200, {
    ...head,
    'content-length': part.length,
    ...(from > 0 ? { 'content-range': `bytes ${from}-${body.length - 1}/${body.length}` } : {}),
  });
  if (fault?.cutAfter === undefined) {
    response.end(part);
    return;
  }
  response.write(part.subarray(0, fault.cutAfter), () => response.socket?.destroy());
}
