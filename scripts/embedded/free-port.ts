import { createServer } from 'node:net';

/** Whether `host:port` can be listened on now; the code of the system's refusal otherwise. */
export function probePort(port: number, host = '127.0.0.1'): Promise<{ free: true; port: number } | { free: false; code: string }> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve({ free: false, code: error.code ?? 'UNKNOWN' }));
    server.listen({ port, host, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve({ free: true, port: typeof address === 'object' && address !== null ? address.port : port }));
    });
  });
}

/** A port that nothing listens on; `preferred` if that one is free. */
export async function freePort(preferred?: number): Promise<number> {
  if (preferred !== undefined && (await probePort(preferred)).free) return preferred;
  const probe = await probePort(0);
  if (!probe.free) throw new Error(`no free port on 127.0.0.1 (${probe.code})`);
  return probe.port;
}
