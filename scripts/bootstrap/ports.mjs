/** Whether a port can be had, and who has it. Node's own modules only. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { nameOf } from './processes.mjs';
import { StepError } from './steps.mjs';

function tryListen(port, host) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve(error.code ?? 'UNKNOWN'));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

function ownerByProc(port) {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0');
  const inodes = new Set();
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    let text = '';
    try {
      text = readFileSync(table, 'utf8');
    } catch {
      continue;
    }
    for (const line of text.split('\n').slice(1)) {
      const fields = line.trim().split(/\s+/);
      const listening = fields[3] === '0A';
      if (listening && fields[1]?.endsWith(`:${wanted}`)) inodes.add(`socket:[${fields[9]}]`);
    }
  }
  if (inodes.size === 0) return undefined;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      if (readdirSync(`/proc/${pid}/fd`).some((fd) => inodes.has(readlinkSync(`/proc/${pid}/fd/${fd}`)))) return Number(pid);
    } catch {
      // Another user's process, or one that just ended.
    }
  }
  return undefined;
}

function ownerByLsof(port) {
  const found = spawnSync('lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-t'], { encoding: 'utf8' });
  const pid = Number.parseInt(found.stdout ?? '', 10);
  return Number.isInteger(pid) ? pid : undefined;
}

/** @throws StepError naming the port and, where the system tells, the process that has it */
export async function requirePort(port, host) {
  const code = await tryListen(port, host);
  if (code === undefined) return;
  if (code === 'EADDRINUSE') {
    const pid = process.platform === 'linux' ? ownerByProc(port) : ownerByLsof(port);
    const owner = pid === undefined ? 'another process' : `process ${pid} (${nameOf(pid)})`;
    throw new StepError(`Port ${port} is in use by ${owner}.`, `Stop it, or choose another port: PORT=${port + 1} npm start`);
  }
  if (code === 'EACCES')
    throw new StepError(`Port ${port} may not be opened by this user.`, 'Choose a port from 1024 up: PORT=3000 npm start');
  throw new StepError(
    `Port ${port} on ${host} cannot be opened (${code}).`,
    'Check HOST: it must be an address of this machine, such as 127.0.0.1 or 0.0.0.0.',
  );
}
