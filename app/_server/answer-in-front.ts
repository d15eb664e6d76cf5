import type { IncomingMessage, ServerResponse } from 'node:http';
import { incomingMessageToRequest } from '@trpc/server/adapters/node-http';
import compression from 'compression';
import type { AnswerCall } from './call-slot';
import { securityHeaders } from './security-headers';

const compress = compression();
/** Below it, packing costs more than it saves; the smallest answer that Next packs as well. */
const smallestPackedBytes = 1024;

/** Answers a request of Node's server with a handler of web requests. Rejects where the handler does. */
export async function answerInFront(req: IncomingMessage, res: ServerResponse, answer: AnswerCall): Promise<void> {
  const request = readRequest(req, res);
  if (request === null) {
    res.writeHead(400, { 'Content-Type': 'text/plain' }).end('The Host header is not an address.\n');
    return;
  }
  const response = await answer(request);
  res.statusCode = response.status;
  res.setHeader('Cache-Control', 'private, no-store');
  for (const [name, value] of Object.entries(securityHeaders)) res.setHeader(name, value);
  for (const [name, value] of response.headers) res.setHeader(name, value);
  if (response.headers.get('content-type')?.startsWith('text/event-stream')) await streamBody(res, response);
  else await sendBody(req, res, response);
}

/** Null where the Host header makes no address. */
function readRequest(req: IncomingMessage, res: ServerResponse): Request | null {
  try {
    return incomingMessageToRequest(req, res, { maxBodySize: null });
  } catch {
    return null;
  }
}

async function sendBody(req: IncomingMessage, res: ServerResponse, response: Response): Promise<void> {
  const body = Buffer.from(await response.arrayBuffer());
  if (body.length >= smallestPackedBytes) compress(req, res, () => {});
  res.setHeader('Content-Length', body.length);
  res.end(body);
}

/** Each event at once and unpacked; ends with the stream, or where the browser is gone. */
async function streamBody(res: ServerResponse, response: Response): Promise<void> {
  res.flushHeaders();
  const closed = new Promise<void>((resolve) => res.once('close', resolve));
  for await (const event of response.body ?? []) {
    if (res.destroyed) return;
    if (!res.write(event)) await Promise.race([new Promise<void>((resolve) => res.once('drain', resolve)), closed]);
  }
  res.end();
}
