import { differing } from '../../../../annotate/_state/word-diff';

export interface Change {
  kind: 'same' | 'added' | 'removed';
  text: string;
}

/** Words with the blanks and marks that follow them, so that the pieces joined are the text. */
function pieces(text: string): string[] {
  const found: string[] = [];
  for (const { segment, isWordLike } of new Intl.Segmenter(undefined, { granularity: 'word' }).segment(text)) {
    if (isWordLike || found.length === 0) found.push(segment);
    else found[found.length - 1] += segment;
  }
  return found;
}

/** What has to be taken from `before` and put in to get `after`, in reading order; neighbours of one kind are joined. */
export function changes(before: string, after: string): Change[] {
  const old = pieces(before);
  const now = pieces(after);
  const key = (piece: string) => piece.trim();
  const gone = differing(now.map(key), old.map(key));
  const come = differing(old.map(key), now.map(key));
  const result: Change[] = [];
  const add = (kind: Change['kind'], text: string) => {
    const last = result.at(-1);
    if (last?.kind === kind) last.text += text;
    else result.push({ kind, text });
  };
  let i = 0;
  let j = 0;
  while (i < old.length || j < now.length) {
    if (i < old.length && gone[i]) add('removed', old[i++] ?? '');
    else if (j < now.length && come[j]) add('added', now[j++] ?? '');
    else {
      add('same', now[j] ?? old[i] ?? '');
      i += 1;
      j += 1;
    }
  }
  return result;
}
