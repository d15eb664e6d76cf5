import type { PartType } from '#lib/domain/form-parts';
import { modelOf } from '../_kinds/models';
import { contextOf } from './answer';
import { type Command, toCommand } from './commands';
import { KeyQueue } from './key-queue';
import type { Press } from './press';
import type { OpenTask, PanelName, ScreenState, SheetPart } from './screen-state';

/** What keys act on. */
export interface Commanded {
  getState(): ScreenState;
  act(part: PartType, action: unknown): void;
  focus(answer: number): void;
  submit(): void;
  goOn(): void;
  answerHint(outcome: 'KEPT' | 'REVISED'): void;
  undo(): void;
  redo(): void;
  open(panel: PanelName): void;
  openSheet(part: SheetPart): void;
  toggle(what: 'differences' | 'promptFolded' | 'together'): void;
  /** Of the person's own settings. */
  toggleSetting(what: 'layout' | 'oneKey'): void;
}

/**
 * Keys wait while a task is on its way or coming back; a dialog has the keyboard for itself. What a key means is asked when it is
 * carried out, of the task that is then on the screen.
 */
export function createCommandQueue(screen: Commanded): KeyQueue<Press> {
  return new KeyQueue((press) => {
    const { phase, takingBack, panel, current } = screen.getState();
    if (phase === 'loading' || phase === 'sent' || takingBack) return 'wait';
    if (panel !== null && panel !== 'guideline') return 'taken';
    const command = toCommand(press);
    if (phase === 'told') {
      if (command?.type === 'submit') screen.goOn();
    } else if (phase !== 'open' || current === null) {
      if (command?.type === 'undo') screen.undo();
      else if (command?.type === 'open' && command.panel === 'keys') screen.open('keys');
    } else if (beforeField(screen.getState())) return 'taken';
    else if (byPart(screen, press)) return 'taken';
    else if (onHint(screen.getState(), press)) screen.answerHint(press.type === 'letter' && press.letter === 'k' ? 'KEPT' : 'REVISED');
    else if (command !== null) carryOut(screen, current, command);
    return 'taken';
  });
}

/** A text is to be written here, and its field is not there yet: what is typed begins that text, and is no command. */
function beforeField({ current, fieldFor }: ScreenState): boolean {
  if (current === null || fieldFor === current.view.assignmentId) return false;
  return current.view.kind === 'DEMONSTRATION' || current.view.kind === 'CHAT';
}

/** What a part of the form does with the key: the one whose sheet is open first, then the one that makes the kind. */
function partTaking({ current, sheet }: ScreenState, press: Press): { type: PartType; action: unknown } | null {
  if (current === null) return null;
  const { view, answer } = current;
  for (const type of [sheet, view.form.spec.parts[0]?.type ?? null]) {
    const context = type === null ? null : contextOf(view, type);
    if (type === null || context === null) continue;
    const action = modelOf(type).key(press, { state: answer.parts[type], at: answer.at }, context);
    if (action !== null) return { type, action };
  }
  return null;
}

/** Whether the key is for the work, now or later; what only scrolls is done by the page, at once. */
export function takePress(screen: Commanded & { readonly keys: KeyQueue<Press> }, press: Press): boolean {
  if (toCommand(press)?.type === 'scroll' && partTaking(screen.getState(), press) === null) return false;
  screen.keys.push(press);
  return true;
}

/** K keeps and R looks again, while the hint stands there; R is for the ratings where the form has them. */
function onHint({ told, current }: ScreenState, press: Press): boolean {
  if (!told?.hint || press.type !== 'letter' || press.shift) return false;
  const rates = current?.view.form.spec.parts.some(({ type }) => type === 'rating') ?? false;
  return press.letter === 'k' || (press.letter === 'r' && !rates);
}

function byPart(screen: Commanded, press: Press): boolean {
  const taking = partTaking(screen.getState(), press);
  if (taking !== null) screen.act(taking.type, taking.action);
  return taking !== null;
}

function carryOut(screen: Commanded, task: OpenTask, command: Command): void {
  switch (command.type) {
    case 'move':
      screen.focus(task.answer.at.answer + command.by);
      break;
    case 'open':
      screen.open(command.panel);
      break;
    case 'sheet':
      screen.openSheet(command.part);
      break;
    case 'toggle':
      screen.toggle(command.what);
      break;
    case 'layout':
    case 'oneKey':
      screen.toggleSetting(command.type);
      break;
    case 'undo':
    case 'redo':
    case 'submit':
      screen[command.type]();
      break;
    case 'scroll':
      break; // the page scrolled at once
  }
}
