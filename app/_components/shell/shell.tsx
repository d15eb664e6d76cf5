import type { ReactNode } from 'react';
import { getT } from '../../_i18n/server';
import { TopBar, type TopBarProps } from './top-bar';

interface Props extends Omit<TopBarProps, 'children'> {
  /** For TopBar's middle, instead of the tabs. */
  bar?: ReactNode;
  children: ReactNode;
}

/** Skip link, bar and the main landmark: the frame of every page. */
export async function Shell({ bar, children, ...top }: Props) {
  const t = await getT('common');
  return (
    <>
      <a className="skip" href="#main">
        {t('skip')}
      </a>
      <TopBar {...top}>{bar}</TopBar>
      <main id="main" tabIndex={-1}>
        {children}
      </main>
    </>
  );
}
