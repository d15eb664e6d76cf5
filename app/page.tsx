import type { Metadata } from 'next';
import Link from 'next/link';
import { isAllowed } from '#lib/domain/permissions';
import { listLoops } from '#lib/services/loops/list-loops';
import { listMyProjects, type MyProject } from '#lib/services/people/list-my-projects';
import { requireSession } from './_auth/session';
import { Shell } from './_components/shell/shell';
import { Icon } from './_components/ui/icon';
import { KeyLink } from './_components/ui/key-link';
import { getDeps } from './_deps';
import { CreateProjectForm } from './_home/create-project-form';
import styles from './_home/home.module.css';
import { getFormat, getT, getTimeZone } from './_i18n/server';

/** What the queue is counted to; more than that is said as "more than". */
const counted = 1000;

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getT('home'))('title') };
}

async function dayPart(now: Date): Promise<'morning' | 'afternoon' | 'evening'> {
  const timeZone = await getTimeZone();
  const hour = Number(new Intl.DateTimeFormat('en', { hour: 'numeric', hourCycle: 'h23', timeZone }).format(now));
  if (hour >= 4 && hour < 12) return 'morning';
  return hour >= 12 && hour < 18 ? 'afternoon' : 'evening';
}

export default async function HomePage() {
  const { user, actor } = await requireSession();
  const deps = getDeps();
  const [t, common, stages, format] = await Promise.all([getT('home'), getT('common'), getT('loops'), getFormat()]);
  const projects = await listMyProjects(deps, actor);
  const next = projects.find((project) => (project.left ?? 0) > 0 && !project.paused);
  const annotates = (project: MyProject) => isAllowed(project.roles, user.isSystemAdmin, 'labeling.annotate');
  const mayOperate = projects.filter((project) => isAllowed(project.roles, user.isSystemAdmin, 'loop.operate'));
  const waiting = (
    await Promise.all(
      mayOperate.map(async (project) => {
        const loops = await listLoops(deps, actor, { projectId: project.id });
        return loops.filter((loop) => loop.waitingFor === 'RESEARCHER').map((loop) => ({ project, loop }));
      }),
    )
  ).flat();
  const left = (n: number | null) => (n === null ? '–' : n >= counted ? t('more', { n: counted }) : format.number(n));
  const done = projects.reduce((sum, project) => sum + project.doneToday, 0);
  const ranks = projects.some(annotates);
  const changed = projects.filter(
    (project) => annotates(project) && project.guidelineRead !== null && project.guidelineVersion !== project.guidelineRead,
  );

  return (
    <Shell user={user}>
      <div className="page mid">
        <h1 className="anywhere">{t(await dayPart(deps.clock.now()), { name: user.name })}</h1>
        <div className={user.isSystemAdmin ? styles.columns : styles.column}>
          <div className={styles.column}>
            {waiting.map(({ project, loop }) => (
              <section key={loop.id} className="note row wrap">
                <Icon name="warn" />
                <div className="grow">
                  <h2>{t('waiting.title')}</h2>
                  <div className="sm ink2 anywhere">
                    {t('waiting.text', { loop: loop.name, n: loop.rounds, stage: loop.stage ? stages(`stage.${loop.stage}`) : '' })}
                  </div>
                </div>
                <Link className={next ? 'btn' : 'btn primary'} href={`/p/${project.slug}/loops/${loop.id}`}>
                  {t('waiting.open')}
                </Link>
              </section>
            ))}
            {changed.map((project) => (
              <section key={project.id} className="note row wrap">
                <Icon name="book" />
                <div className="grow">
                  <h2 className="anywhere">{t('guideline.title', { project: project.name, version: project.guidelineVersion ?? 0 })}</h2>
                  <p className="sm ink2">{t('guideline.text', { read: project.guidelineRead ?? 0 })}</p>
                </div>
                <Link className="btn" href={`/p/${project.slug}/guideline`}>
                  {t('guideline.read')}
                </Link>
              </section>
            ))}
            {next && (
              <section className={`card ${styles.next}`}>
                <div className={styles.text}>
                  <div className="sm dim anywhere">
                    {t.rich('next.in', { project: next.name, b: (text) => <b className="ink2">{text}</b> })}
                  </div>
                  <h2>{t('next.rank')}</h2>
                  <p className="ink2">
                    {(next.left ?? 0) >= counted ? t('next.leftMany', { n: counted }) : t('next.left', { n: next.left ?? 0 })}{' '}
                    {t('next.done', { n: done })}
                  </p>
                </div>
                <KeyLink href={`/p/${next.slug}/annotate`} hotkey="Enter" keyLabel="Enter" className={`btn primary lg ${styles.go}`}>
                  {t('next.go')}
                </KeyLink>
              </section>
            )}
            {!next && ranks && (
              <section className="card">
                <div className="empty">
                  <h2>{t('nothing.title')}</h2>
                  <p>{t('nothing.text')}</p>
                </div>
              </section>
            )}
            <section className="card">
              <h2>{t('projects.title')}</h2>
              {projects.length === 0 ? (
                <div className="empty">
                  <b>{t('projects.none.title')}</b>
                  <p>{user.isSystemAdmin ? t('projects.none.admin') : t('projects.none.text')}</p>
                </div>
              ) : (
                <div className="scroll">
                  <table>
                    <thead>
                      <tr>
                        <th scope="col">{t('projects.name')}</th>
                        <th scope="col">{t('projects.roles')}</th>
                        <th scope="col">{t('projects.guideline')}</th>
                        <th scope="col" className="n">
                          {t('projects.left')}
                        </th>
                        <th scope="col" className="n">
                          {t('projects.today')}
                        </th>
                        <td />
                      </tr>
                    </thead>
                    <tbody>
                      {projects.map((project, index) => (
                        <tr key={project.id}>
                          <th scope="row" className={styles.name}>
                            <bdi>{project.name}</bdi>
                          </th>
                          <td className="ink2">{project.roles.map((role) => common(`role.${role}`)).join(', ')}</td>
                          <td>
                            <GuidelineState project={project} annotates={annotates(project)} />
                          </td>
                          <td className="n">
                            {project.paused ? <span className="chip warn">{t('projects.paused')}</span> : left(project.left)}
                          </td>
                          <td className="n">{format.number(project.doneToday)}</td>
                          <td className="right">
                            <OpenProject project={project} place={index + 1} word={t('projects.open')} />
                          </td>
                        </tr>
                      ))}
                    </tbody>
                  </table>
                </div>
              )}
            </section>
          </div>
          {user.isSystemAdmin && (
            <section className="card">
              <h2>{t('create.title')}</h2>
              <CreateProjectForm primary={projects.length === 0} />
            </section>
          )}
        </div>
      </div>
    </Shell>
  );
}

/** Which version holds, and whether this person has it before him still. */
async function GuidelineState({ project, annotates }: { project: MyProject; annotates: boolean }) {
  const [t, format] = [await getT('home'), await getFormat()];
  const { guidelineVersion: version, guidelineRead: read } = project;
  if (version === null) return '–';
  if (!annotates || read === version) return format.number(version);
  return (
    <span className="chip warn">
      <Icon name="book" />
      {t(read === null ? 'guideline.unread' : 'guideline.changed', { version })}
    </span>
  );
}

/** Opens a project; the first nine have a key. */
function OpenProject({ project, place, word }: { project: MyProject; place: number; word: string }) {
  const href = `/p/${project.slug}`;
  const name = (
    <>
      {word}
      <span className="hidden-text"> {project.name}</span>
    </>
  );
  if (place > 9) {
    return (
      <Link className="btn" href={href}>
        {name}
      </Link>
    );
  }
  return (
    <KeyLink className="btn" href={href} hotkey={String(place)} keyLabel={String(place)}>
      {name}
    </KeyLink>
  );
}
