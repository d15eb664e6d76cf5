'use client';

import Link from 'next/link';
import { usePathname } from 'next/navigation';
import { useTranslations } from 'use-intl/react';
import type { ProjectTab } from './project-tabs';

interface Props {
  slug: string;
  /** Only what this person may open. */
  visible: readonly ProjectTab[];
  className?: string;
}

export function Tabs({ slug, visible, className }: Props) {
  const t = useTranslations('common');
  const path = usePathname();
  return (
    <nav className={className} aria-label={t('projectPages')}>
      {visible.map((tab) => {
        const href = `/p/${slug}/${tab}`;
        return (
          <Link key={tab} href={href} aria-current={path === href || path.startsWith(`${href}/`) ? 'page' : undefined}>
            <span data-label={t(`tabs.${tab}`)}>{t(`tabs.${tab}`)}</span>
          </Link>
        );
      })}
    </nav>
  );
}
