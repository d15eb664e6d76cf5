import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Actor } from '#lib/domain/actor';
import type { Clock } from '#lib/domain/clock';
import { defaultForm, type FormSpec } from '#lib/domain/forms';
import { chat } from '#lib/queues/chat';
import { openQueue } from '#lib/queues/connection';
import { askSuggestion } from '#lib/services/chat/ask-suggestion';
import type { ChatView } from '#lib/services/chat/chat-view';
import { closeChat, revealOf } from '#lib/services/chat/close-chat';
import { getChat } from '#lib/services/chat/get-chat';
import { getSuggestions } from '#lib/services/chat/get-suggestions';
import { retryTurn } from '#lib/services/chat/retry-turn';
import { sendTurn } from '#lib/services/chat/send-turn';
import { withTranscript } from '#lib/services/chat/transcript';
import { createKindTask, holdTask, importTalkers } from '../../support/chat-tasks';
import { createMember } from '../../support/labeling';
import { actor, createBench, createTestProject, type LoopBench } from '../../support/loop';
import { spawnWorker, type WorkerProcess, waitFor } from '../../support/worker-process';

const names = ['secret-alpha', 'secret-beta', 'secret-gamma'];
const form: FormSpec = {
  kind: 'CHAT',
  parts: [{ type: 'chat', maxTurns: 4, maxCharacters: 40, strength: true, tie: true, bothBad: true }],
};
const messages = [
  { role: 'system' as const, content: 'the cat' },
  { role: 'user' as const, content: 'Talk about cats.' },
];

describe('conversations with blind models, written by a real worker', { timeout: 120_000 }, () => {
  let bench: LoopBench;
  let projectId: string;
  let modelIds: string[];
  let worker: WorkerProcess;

  beforeAll(async () => {
    bench = await createBench();
    projectId = (await createTestProject(bench.deps, 1)).projectId;
    modelIds = await importTalkers(bench.deps, actor, projectId, names);
    worker = spawnWorker(bench, 'chat');
  }, 60_000);
  afterAll(async () => {
    await worker?.kill('SIGTERM');
    await bench?.drop();
  });

  const begin = async (spec: object = {}) => {
    const task = { kind: 'CHAT' as const, form, messages, spec: { modelIds, temperature: 1, maxNewTokens: 12, ...spec } };
    return holdTask(bench.deps, projectId, await createKindTask(bench.deps, projectId, task));
  };
  const answered = (person: Actor, assignmentId: string) =>
    waitFor<ChatView>('both replies', async () => {
      const view = await getChat(bench.deps, person, { assignmentId });
      return view.turns.every(({ replies }) => replies !== null) ? view : null;
    });
  const refused = (work: Promise<unknown>) =>
    work.then(
      () => 'taken',
      (error) => error.code,
    );

  it('answers turn after turn, each side with what it said itself, and names nobody before the vote', async () => {
    const { deps } = bench;
    const { person, assignmentId } = await begin();
    const first = await sendTurn(deps, person, { assignmentId, ordinal: 1, text: ' hello there ' });
    expect(first.turns).toEqual([{ ordinal: 1, text: ' hello there ', replies: null }]);
    expect(await refused(withTranscript(deps.db, assignmentId, {}))).toBe('PRECONDITION');
    await answered(person, assignmentId);
    await sendTurn(deps, person, { assignmentId, ordinal: 2, text: 'and then?' });
    const view = await answered(person, assignmentId);
    expect(JSON.stringify([first, view])).not.toMatch(/secret|model|token/i);
    for (const id of modelIds) expect(JSON.stringify([first, view])).not.toContain(id);

    const session = await deps.db.chatSession.findFirstOrThrow({
      where: { assignmentId },
      include: { turns: { include: { replies: true } } },
    });
    expect(new Set(session.modelIds).size).toBe(2);
    expect(modelIds).toEqual(expect.arrayContaining(session.modelIds));
    const replies = session.turns.flatMap((turn) => turn.replies);
    expect(replies.map(({ state }) => state)).toEqual(['DONE', 'DONE', 'DONE', 'DONE']);
    expect(new Set(replies.map(({ tokenIds }) => tokenIds.join())).size).toBe(4);
    const wanted = view.turns.map(({ text, replies: told }) => ({
      text,
      a: told && 'text' in told.a ? told.a.text : null,
      b: told && 'text' in told.b ? told.b.text : null,
    }));
    const content = await withTranscript(deps.db, assignmentId, {
      ranks: { A: 1, B: 2 },
      chat: { turns: [{ text: 'forged', a: 'x', b: 'y' }] },
    });
    expect(content).toEqual({ ranks: { A: 1, B: 2 }, chat: { turns: wanted } });
    expect(await deps.db.outbox.count({ where: { doneAt: null } })).toBe(0);
  });

  it('takes one turn at a time, the same one once, within the limits of the form', async () => {
    const { deps } = bench;
    const { person, assignmentId } = await begin({ maxTurns: 2 });
    const send = (ordinal: number, text: string) => sendTurn(deps, person, { assignmentId, ordinal, text });
    await send(1, 'one');
    await send(1, 'one');
    expect(await refused(send(1, 'other'))).toBe('CONFLICT');
    expect(await refused(send(2, 'two'))).toBe('CONFLICT');
    expect((await answered(person, assignmentId)).turns).toHaveLength(1);
    expect(await refused(send(2, '🐈'.repeat(41)))).toBe('BAD_INPUT');
    expect(await refused(send(2, '   '))).not.toBe('taken');
    await send(2, '🐈'.repeat(40));
    await answered(person, assignmentId);
    expect(await refused(send(3, 'three'))).toBe('PRECONDITION');
    expect(await refused(retryTurn(deps, person, { assignmentId }))).toBe('PRECONDITION');
    const stranger = await createMember(deps.db, projectId);
    expect(await refused(getChat(deps, stranger, { assignmentId }))).toBe('NOT_FOUND');
    const manager = await createMember(deps.db, projectId, ['RESEARCHER']);
    expect(await refused(sendTurn(deps, manager, { assignmentId, ordinal: 3, text: 'x' }))).toBe('NOT_FOUND');
  });

  it('says that one side failed without naming it, and mends it when asked again', async () => {
    const { deps } = bench;
    const pair = modelIds.slice(0, 2);
    const { files } = await deps.db.modelVersion.findUniqueOrThrow({ where: { id: pair[0] } });
    const { person, assignmentId } = await begin({ modelIds: pair });
    await deps.db.modelVersion.update({ where: { id: pair[0] }, data: { files: {} } });
    await worker.kill('SIGTERM'); // the warm child has the model still
    worker = spawnWorker(bench, 'chat');
    await sendTurn(deps, person, { assignmentId, ordinal: 1, text: 'hello' });
    const broken = await answered(person, assignmentId);
    const told = Object.values(broken.turns[0]?.replies ?? {});
    expect(told.filter((reply) => 'failed' in reply)).toEqual([{ failed: 'BROKEN' }]);
    expect(told.filter((reply) => 'text' in reply)).toHaveLength(1);
    expect(await refused(withTranscript(deps.db, assignmentId, {}))).toBe('PRECONDITION');

    await deps.db.modelVersion.update({ where: { id: pair[0] }, data: { files: files as object } });
    await retryTurn(deps, person, { assignmentId });
    const whole = await answered(person, assignmentId);
    const kept = told.find((reply) => 'text' in reply);
    expect(Object.values(whole.turns[0]?.replies ?? {}).filter((reply) => 'text' in reply)).toHaveLength(2);
    expect(Object.values(whole.turns[0]?.replies ?? {})).toContainEqual(kept);
  });

  it('loses no turn when the worker is killed in the middle of it', async () => {
    const { deps } = bench;
    const { person, assignmentId } = await begin();
    await worker.kill('SIGKILL');
    await sendTurn(deps, person, { assignmentId, ordinal: 1, text: 'still there?' });
    worker = spawnWorker(bench, 'chat');
    const { queue, close } = openQueue(bench.settings, chat);
    await waitFor('a worker to take the turn', async () => ((await queue.getActiveCount()) > 0 ? true : null));
    await worker.kill('SIGKILL');
    await close();
    expect((await getChat(deps, person, { assignmentId })).turns[0]?.replies).toBeNull();
    worker = spawnWorker(bench, 'chat');
    // Somebody who waits may ask again before the queue notices by itself.
    const later: Clock = { now: () => new Date(Date.now() + 20_000) };
    await retryTurn({ ...deps, clock: later }, person, { assignmentId });
    const view = await answered(person, assignmentId);
    expect(Object.values(view.turns[0]?.replies ?? {}).every((reply) => 'text' in reply)).toBe(true);
  });

  it('tells the names with the vote, and begins anew where the vote is taken back', async () => {
    const { deps } = bench;
    const { person, assignmentId } = await begin();
    await sendTurn(deps, person, { assignmentId, ordinal: 1, text: 'hello' });
    await answered(person, assignmentId);
    const assignment = await deps.db.assignment.findUniqueOrThrow({ where: { id: assignmentId }, include: { task: true } });
    const annotation = await deps.db.annotation.create({
      data: {
        taskId: assignment.taskId,
        assignmentId,
        annotatorId: assignment.annotatorId,
        kind: 'CHAT',
        content: {},
        contentHash: 'x',
        schemaVersion: 1,
        guidelineId: assignment.task.guidelineId,
        formVersionId: assignment.task.formVersionId,
        displayOrder: [],
        idempotencyKey: 'vote on a conversation',
        activeMs: 1,
      },
    });
    const reveal = await deps.db.$transaction((tx) => closeChat(tx, { assignmentId, annotationId: annotation.id }));
    const session = await deps.db.chatSession.findFirstOrThrow({ where: { annotationId: annotation.id } });
    expect([reveal.A, reveal.B]).toEqual(session.modelIds.map((id) => names[modelIds.indexOf(id)]));
    expect(await revealOf(deps.db, annotation.id)).toEqual(reveal);
    expect((await getChat(deps, person, { assignmentId })).turns).toEqual([]);
    await sendTurn(deps, person, { assignmentId, ordinal: 1, text: 'once more' });
    expect(await deps.db.chatSession.count({ where: { assignmentId } })).toBe(2);
    await answered(person, assignmentId);
  });

  it('suggests a demonstration when asked, prepared texts first, then by the model', async () => {
    const { deps } = bench;
    const spec = { suggestions: ['A prepared text.'], modelIds: modelIds.slice(0, 1), temperature: 1, maxNewTokens: 8 };
    const base = defaultForm('DEMONSTRATION');
    const parts = base.parts.map((part) => (part.type === 'demonstration' ? { ...part, suggestions: true } : part));
    const task = { kind: 'DEMONSTRATION' as const, form: { ...base, parts }, messages, spec };
    const { person, assignmentId } = await holdTask(deps, projectId, await createKindTask(deps, projectId, task));
    expect(await getSuggestions(deps, person, { assignmentId })).toEqual({ suggestions: [], left: 4 });
    expect(await askSuggestion(deps, person, { assignmentId })).toEqual({ suggestions: [{ text: 'A prepared text.' }], left: 3 });
    const asked = await askSuggestion(deps, person, { assignmentId });
    expect(asked.suggestions[1]).toBeNull();
    expect(await refused(askSuggestion(deps, person, { assignmentId }))).toBe('CONFLICT');
    const written = await waitFor('the suggestion', async () => {
      const view = await getSuggestions(deps, person, { assignmentId });
      return view.suggestions[1] ? view : null;
    });
    expect(written.left).toBe(2);
    expect(written.suggestions[1]).toHaveProperty('text');
  });
});
