'use client';

import { useScreen } from './annotate-context';
import { useLine } from './use-line';

/** Says each change of the judgement as it is made, and nothing more. */
export function Announcer() {
  const said = useScreen((state) => state.said);
  const open = useScreen((state) => state.current !== null);
  const { text } = useLine();
  return (
    <div className="hidden-text" aria-live="polite" data-testid="announcer">
      {said !== null && open && <span key={said.id}>{text(said.line)}</span>}
    </div>
  );
}
