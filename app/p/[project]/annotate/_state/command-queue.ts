import type { Command } from './commands';
import { KeyQueue } from './key-queue';
import type { RankingAction } from './ranking';
import type { Announcement, ScreenState } from './screen-state';

/** What commands act on. */
export interface Commanded {
  getState(): ScreenState;
  rank(action: RankingAction): void;
  submit(): void;
  undo(): void;
  open(panel: ScreenState['panel']): void;
  toggle(what: 'differences' | 'promptFolded'): void;
  say(what: Announcement): void;
}

/** Keys wait while a task is on its way or coming back; a dialog has the keyboard for itself. */
export function createCommandQueue(screen: Commanded): KeyQueue<Command> {
  return new KeyQueue((command) => {
    const { phase, takingBack, panel } = screen.getState();
    if (phase === 'loading' || takingBack) return 'wait';
    if (panel === 'skip' || panel === 'keys') return 'taken';
    if (command.type === 'keys') screen.open('keys');
    else if (command.type === 'undo') screen.undo();
    else if (phase === 'open') carryOut(screen, command);
    return 'taken';
  });
}

function carryOut(screen: Commanded, command: Command): void {
  const count = screen.getState().current?.ranking.places.length ?? 0;
  switch (command.type) {
    case 'place':
      if (command.place > count) screen.say({ kind: 'noSuchPlace', count });
      else screen.rank(command);
      break;
    case 'toggleAside':
    case 'clear':
    case 'move':
      screen.rank(command);
      break;
    case 'submit':
      screen.submit();
      break;
    case 'skip':
    case 'guideline':
      screen.open(command.type);
      break;
    case 'differences':
      screen.toggle('differences');
      break;
    case 'foldPrompt':
      screen.toggle('promptFolded');
      break;
  }
}
