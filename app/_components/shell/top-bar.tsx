import Link from 'next/link';
import type { ReactNode } from 'react';
import { getT } from '../../_i18n/server';
import { Icon, Logo } from '../ui/icon';
import { Menu } from '../ui/menu';
import { AccountMenu } from './account-menu';
import { LanguageSwitch } from './language-switch';
import { type ProjectTab, tabsInBar } from './project-tabs';
import styles from './shell.module.css';
import { Tabs } from './tabs';
import { ThemeToggle } from './theme-toggle';

interface BarProject {
  slug: string;
  name: string;
}

export interface TopBarProps {
  user: { name: string; email: string } | null;
  /** The project that the page stands in, and the others to switch to. */
  project?: BarProject;
  projects?: readonly BarProject[];
  tabs?: readonly ProjectTab[];
  /** How many things wait behind a tab. */
  waiting?: Partial<Record<ProjectTab, number>>;
  /** Takes the place of the tabs: the annotation screen shows progress and save state there. */
  children?: ReactNode;
}

/** The bar of every page. Signed out it holds brand, theme and language only. */
export async function TopBar({ user, project, projects = [], tabs = [], waiting, children }: TopBarProps) {
  const t = await getT('common');
  // One that would stand alone behind "More" stands in the bar.
  const split = tabs.length > tabsInBar + 1 ? tabsInBar : tabs.length;
  const [inBar, behind] = [tabs.slice(0, split), tabs.slice(split)];
  return (
    <header className={`bar ${styles.bar} ${project ? styles.short : ''}`}>
      <Link className="brand" href="/" aria-label={t('home')}>
        <Logo />
        <span className={styles.word}>{t('brand')}</span>
      </Link>
      {project && (
        <>
          <span className={`sep ${styles.word}`} />
          <Menu
            className={`btn quiet ${styles.project}`}
            trigger={
              <>
                <span className="b">{project.name}</span>
                <Icon name="down" />
              </>
            }
          >
            <Link href={`/p/${project.slug}`}>{t('projectOverview')}</Link>
            {projects.length > 1 && <hr />}
            {projects.length > 1 &&
              projects.map((other) => (
                <Link
                  key={other.slug}
                  className="anywhere"
                  href={`/p/${other.slug}`}
                  aria-current={other.slug === project.slug || undefined}
                >
                  {other.name}
                </Link>
              ))}
            <hr />
            <Link href="/">{t('allProjects')}</Link>
          </Menu>
          {!children && <Tabs slug={project.slug} visible={inBar} waiting={waiting} className={`tabs ${styles.wide}`} />}
          {!children && behind.length > 0 && (
            <span className={styles.wide}>
              <Menu
                trigger={
                  <>
                    {t('moreTabs')}
                    <Icon name="down" />
                  </>
                }
              >
                <Tabs slug={project.slug} visible={behind} waiting={waiting} className={styles.menuTabs} label={t('moreTabs')} />
              </Menu>
            </span>
          )}
        </>
      )}
      {children}
      <div className={styles.end}>
        <LanguageSwitch />
        <ThemeToggle />
        {user && <AccountMenu name={user.name} email={user.email} />}
        {project && !children && tabs.length > 0 && (
          <span className={styles.narrow}>
            <Menu trigger={<Icon name="menu" />} label={t('projectPages')} className="btn quiet icon" align="end">
              <Tabs slug={project.slug} visible={tabs} waiting={waiting} className={styles.menuTabs} />
            </Menu>
          </span>
        )}
      </div>
    </header>
  );
}
