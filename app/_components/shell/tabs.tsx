'use client';

import Link from 'next/link';
import { usePathname } from 'next/navigation';
import { useTranslations } from 'use-intl/react';
import type { ProjectTab } from './project-tabs';
import styles from './shell.module.css';

interface Props {
  slug: string;
  /** Only what this person may open. */
  visible: readonly ProjectTab[];
  /** How many things wait behind a tab. */
  waiting?: Partial<Record<ProjectTab, number>> | undefined;
  className?: string;
  /** The name of this list of pages where it is not the only one. */
  label?: string;
}

export function Tabs({ slug, visible, waiting = {}, className, label }: Props) {
  const t = useTranslations('common');
  const path = usePathname();
  return (
    <nav className={className} aria-label={label ?? t('projectPages')}>
      {visible.map((tab) => {
        const href = hrefOf(tab, slug, visible);
        const count = waiting[tab] ?? 0;
        return (
          <Link
            key={tab}
            href={href}
            aria-current={path === href || path.startsWith(`/p/${slug}/${tab}/`) || path === `/p/${slug}/${tab}` ? 'page' : undefined}
          >
            <span data-label={t(`tabs.${tab}`)}>{t(`tabs.${tab}`)}</span>
            {count > 0 && (
              <span className={styles.count}>
                <span aria-hidden="true">{count > 99 ? '99+' : count}</span>
                <span className="hidden-text">{t('waiting', { n: count })}</span>
              </span>
            )}
          </Link>
        );
      })}
    </nav>
  );
}

/** For who sees nothing else of a project, the own work is its front page. */
function hrefOf(tab: ProjectTab, slug: string, visible: readonly ProjectTab[]): string {
  return tab === 'mine' && !visible.includes('data') ? `/p/${slug}` : `/p/${slug}/${tab}`;
}
