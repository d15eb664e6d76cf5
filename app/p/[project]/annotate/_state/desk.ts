import type { PartType } from '#lib/domain/form-parts';
import { modelOf } from '../_kinds/models';
import { act, contextOf, moveTo } from './answer';
import { change, type History, redo, undo } from './history';
import type { Line } from './line';
import { Observed } from './observed';
import type { Cursor } from './part-model';
import type { OpenTask, ScreenState, SheetPart } from './screen-state';

/** The task on the screen and what is done to it, before anything is sent. */
export abstract class Desk extends Observed<ScreenState> {
  /** The person's own settings, as the page was told them last. */
  oneKey = true;
  toggleSetting: (what: 'layout' | 'oneKey') => void = () => undefined;

  /** Milliseconds since 1970. */
  protected abstract clock(): number;
  /** The judgement changed: it is kept. */
  protected abstract changed(task: OpenTask): void;
  abstract submit(): void;

  /** One action of one part of the form. `field` names the field where it was typed. */
  act(part: PartType, action: unknown, field?: string): void {
    const task = this.getState().current;
    if (task === null || this.getState().phase !== 'open') return;
    const answer = act(task.view, task.answer, part, action);
    if (answer !== task.answer) this.change(change(task, answer, this.clock(), field));
    const context = contextOf(task.view, part);
    if (context === null) return;
    const line = modelOf(part).said(action, task.answer.parts[part], answer.parts[part], context);
    if (line !== null) this.say(line);
    if (this.oneKey && modelOf(part).answers?.(action) === true && task.view.form.spec.parts.length === 1) this.submit();
  }

  /** What the page learned from elsewhere (a conversation that lies on the server): no step of the person, so nothing to undo. */
  learn(part: PartType, action: unknown): void {
    const task = this.getState().current;
    if (task === null) return;
    const answer = act(task.view, task.answer, part, action);
    if (answer !== task.answer) this.set({ current: { ...task, answer } });
  }

  focus(answer: number, item?: number): void {
    const task = this.getState().current;
    if (task === null) return;
    const at: Partial<Cursor> = item === undefined ? { answer } : { answer, item };
    const moved = moveTo(task.view, task.answer, at);
    if (moved !== task.answer) this.set({ current: { ...task, answer: moved } });
  }

  /** False where there is nothing to undo in this task. */
  protected undoHere(): boolean {
    const { current: task, phase } = this.getState();
    if (task === null || task.past.length === 0 || phase !== 'open') return false;
    this.change(undo(task));
    this.say({ key: 'annotate.said.undone' });
    return true;
  }

  redo(): void {
    const task = this.getState().current;
    if (task === null || task.future.length === 0) return;
    this.change(redo(task));
    this.say({ key: 'annotate.said.redone' });
  }

  /** Of the focused answer; only what the task's form has besides its main part. */
  openSheet(part: SheetPart | null): void {
    const { current, sheet } = this.getState();
    const has = current?.view.form.spec.parts.slice(1).some(({ type }) => type === part) ?? false;
    this.set({ sheet: part === null || !has || sheet === part ? null : part });
    if (current !== null) this.focus(current.answer.at.answer, 0);
  }

  /** From now on what is typed goes into the field, and what is typed elsewhere is meant for the page. */
  fieldCame(assignmentId: string): void {
    this.set({ fieldFor: assignmentId });
  }

  toggle(what: 'differences' | 'promptFolded' | 'together'): void {
    this.set({ [what]: !this.getState()[what] });
  }

  /** For the live region. */
  say(line: Line): void {
    this.set({ said: { id: (this.getState().said?.id ?? 0) + 1, line } });
  }

  protected change(history: History): void {
    const task = this.getState().current;
    if (task === null) return;
    const changed: OpenTask = { ...task, ...history };
    this.set({ current: changed });
    if (history.answer.parts === task.answer.parts) return;
    this.set({ notice: null });
    this.changed(changed);
  }
}
