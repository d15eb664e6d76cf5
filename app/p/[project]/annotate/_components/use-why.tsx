'use client';

import type { ReactNode } from 'react';
import { useTranslations } from 'use-intl/react';
import { answerName, type PlaceGroup, readiness } from '../_state/ranking';
import { useAnnotate, useTask } from './annotate-context';
import { useNames } from './use-words';

/** Beyond this many the order stands in the strip only. */
const MAX_IN_WORDS = 4;

/** Why Submit waits and what to do, or the order in words: title and one line. */
export function useWhy(): { title: string; detail: ReactNode; ready: boolean } {
  const t = useTranslations('annotate.why');
  const names = useNames();
  const { preferences } = useAnnotate();
  const { places } = useTask().ranking;
  const count = places.length;
  const is = readiness(places);
  const digits = () => (
    <>
      <kbd>1</kbd>–<kbd>{count}</kbd>
    </>
  );
  const tags = { keys: digits, x: () => <kbd>X</kbd> };
  const press = (line: ReactNode) => (preferences.singleKeys ? line : null);
  switch (is.kind) {
    case 'untouched':
      return {
        title: t('untouched', { first: answerName(0), last: answerName(count - 1) }),
        detail: press(t.rich('untouchedDo', tags)),
        ready: false,
      };
    case 'undecided':
      return is.answers.length === 1
        ? { title: t('one', { name: names(is.answers) }), detail: press(t.rich('oneDo', tags)), ready: false }
        : { title: t('some', { names: names(is.answers) }), detail: press(t.rich('someDo', tags)), ready: false };
    case 'allAside':
      return { title: t('allAside', { count }), detail: t('allAsideDo'), ready: false };
    case 'ready': {
      if (is.order.length + (is.aside.length > 0 ? 1 : 0) > MAX_IN_WORDS)
        return { title: t('ready'), detail: t('readyMany', { count }), ready: true };
      const inWords = (group: PlaceGroup) =>
        group.answers.length > 1 ? t('equal', { names: names(group.answers) }) : names(group.answers);
      const order = is.order.map(inWords).reduce((before, next) => t('then', { before, next }));
      return { title: t('ready'), detail: is.aside.length > 0 ? t('leftOut', { order, names: names(is.aside) }) : order, ready: true };
    }
  }
}
