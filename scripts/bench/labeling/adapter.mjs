/**
 * Plumbline behind the load client of PLUMBLINE_BENCH/labeling: the calls that our own page makes. Signing in is one POST; then
 * labeling.claim once, and labeling.submit, whose answer holds the next task. Projects, tasks and the final count go through the database
 * (scripts/bench/labeling/back-office.ts), as an owner's command line would.
 *
 * PLUMBLINE_BENCH_OFFICE = the command of the back office, as a JSON list.
 */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import readline from 'node:readline';

// Beside the client's own adapters, where this file is copied to.
const { Client } = await import(new URL('../lib.mjs', import.meta.url).href);

class BackOffice {
  #waiting = [];
  constructor() {
    const [program, ...args] = JSON.parse(process.env.PLUMBLINE_BENCH_OFFICE);
    this.child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    readline.createInterface({ input: this.child.stdout }).on('line', (line) => {
      const { result, error } = JSON.parse(line);
      const { resolve, reject } = this.#waiting.shift();
      if (error === undefined) resolve(result);
      else reject(new Error(error));
    });
  }
  ask(what, input = {}) {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.child.stdin.write(`${JSON.stringify({ what, input })}\n`);
    });
  }
  close() {
    this.child.stdin.end();
  }
}

const office = new BackOffice();

export default class Plumbline {
  constructor(base) {
    this.base = base;
    this.users = [];
    this.signedIn = [];
    this.tasks = new Map();
  }

  async ready() {
    return (await new Client(this.base).get('/health/live', { timeout: 2000 })).status === 200;
  }

  async setup({ overlap, annotators, name }) {
    this.overlap = overlap;
    const { projectId, people, password } = await office.ask('project', { name: `${name}-${randomUUID().slice(0, 8)}`, annotators });
    this.projectId = projectId;
    this.tasks = new Map();
    this.ahead = [];
    for (const [index, email] of people.entries()) this.signedIn[index] ??= await this.#signIn(index, email, password);
    this.users = this.signedIn.slice(0, annotators);
    await this.#warmUp();
  }

  /** Each person sits at a place of his own, so that the limit on tries to sign in of one place does not hold them up. */
  async #signIn(index, email, password) {
    const client = new Client(this.base, { origin: this.base, 'x-forwarded-for': `10.1.${index >> 8}.${index & 255}` });
    const answer = await client.post('/api/auth/sign-in/email', { json: { email, password } });
    if (answer.status !== 200) throw new Error(`sign-in of ${email}: ${answer.status} ${answer.text.slice(0, 200)}`);
    client.email = email;
    return client;
  }

  /** As after a first visit of the page: the server has compiled what it needs. */
  async #warmUp() {
    await this.#call(0, 'labeling.claim', { projectId: this.projectId, ahead: false });
  }

  async #call(i, path, input) {
    const answer = await this.users[i].post(`/api/trpc/${path}`, { json: { json: input } });
    const data = answer.status === 200 ? answer.json().result.data.json : null;
    return { ok: answer.status === 200, status: answer.status, ms: answer.ms, data };
  }

  async import(rows) {
    const { tasks } = await office.ask('import', { projectId: this.projectId, overlap: this.overlap, rows });
    for (const task of tasks) this.tasks.set(task.id, task);
    return { imported: tasks.length, errors: 0 };
  }

  async next(i) {
    const ahead = this.ahead[i];
    this.ahead[i] = undefined;
    if (ahead) return { ok: true, ms: 0, task: ahead };
    const { ok, status, ms, data } = await this.#call(i, 'labeling.claim', { projectId: this.projectId, ahead: false });
    if (!ok) return { ok: false, status, ms };
    return data === null ? { ok: true, done: true, ms } : { ok: true, ms, task: this.#task(data) };
  }

  async submit(i, task, ranking) {
    const { responseIds } = this.tasks.get(task.taskId);
    const ranks = Object.fromEntries(ranking.map((response, place) => [responseIds[response], place + 1]));
    const { ok, status, ms, data } = await this.#call(i, 'labeling.submit', {
      assignmentId: task.id,
      idempotencyKey: randomUUID(),
      content: { ranks, aside: [] },
      activeMs: 20_000,
    });
    if (ok && data.next) this.ahead[i] = this.#task(data.next);
    return { ok, status, ms };
  }

  #task({ assignmentId, taskId }) {
    return { id: assignmentId, taskId, key: this.tasks.get(taskId).key };
  }

  async export() {
    const { labels } = await office.ask('labels', { projectId: this.projectId });
    return {
      ok: true,
      bytes: JSON.stringify(labels).length,
      labels: labels.map(({ taskId, email, ranks }) => {
        const { key, responseIds } = this.tasks.get(taskId);
        return { key, who: email, ranking: [0, 1, 2, 3].sort((a, b) => ranks[responseIds[a]] - ranks[responseIds[b]]) };
      }),
    };
  }

  async stop() {
    office.close();
  }
}
