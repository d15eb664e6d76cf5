import type { Metadata } from 'next';
import { cookies } from 'next/headers';
import { type ProjectAction, rolesFor } from '#lib/domain/permissions';
import { listDatasets } from '#lib/services/data/list-datasets';
import { getGuideline } from '#lib/services/guidelines/get-guideline';
import { listModels } from '#lib/services/models/list-models';
import { getProjectOverview } from '#lib/services/projects/get-project-overview';
import { getHealth } from '#lib/services/system/get-health';
import { KeyLink } from '../../../_components/ui/key-link';
import { getFormat, getT } from '../../../_i18n/server';
import { CirclePicture } from '../_components/circle-picture';
import { FirstStart } from '../_components/first-start';
import styles from '../_components/first-start.module.css';
import { ThisComputer } from '../_components/this-computer';
import { loadProject } from '../_lib/load-project';
import { policyChoices } from '../_lib/policy-choices';
import { OwnPage } from './mine/_components/own-page';

type Props = { params: Promise<{ project: string }> };

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: (await loadProject((await params).project)).project.name };
}

const stepAction = {
  prompts: 'dataset.import',
  model: 'model.import',
  good: 'guideline.write',
  people: 'member.invite',
  loop: 'loop.create',
} as const satisfies Record<string, ProjectAction>;

export default async function ProjectPage({ params }: Props) {
  const loaded = await loadProject((await params).project);
  const { deps, actor, project, projects, may } = loaded;
  if (!may('dataset.read')) return <OwnPage loaded={loaded} title={project.name} />;
  const [t, common, format] = [await getT('start'), await getT('common'), await getFormat()];
  const mine = projects.find((one) => one.id === project.id);
  const toRank = may('labeling.annotate') && (mine?.left ?? 0) > 0;

  const rank = toRank && (
    <section className="card row wrap">
      <div className="grow">
        <h2>{t('overview.rank.title')}</h2>
        <p className="sm ink2">{t('overview.rank.text')}</p>
      </div>
      <KeyLink
        href={`/p/${project.slug}/annotate`}
        hotkey="Enter"
        keyLabel="Enter"
        className={may('loop.read') ? 'btn lg' : 'btn primary lg'}
      >
        {t('overview.rank.do')}
      </KeyLink>
    </section>
  );
  const projectId = project.id;
  const [overview, guideline, datasets, models, health, jar] = await Promise.all([
    getProjectOverview(deps, actor, { projectId }),
    getGuideline(deps, actor, { projectId }),
    listDatasets(deps, actor, { projectId }),
    may('model.read') ? listModels(deps, actor, { projectId, kind: 'POLICY' }) : [],
    getHealth(deps),
    cookies(),
  ]);
  const empty = overview.prompts === 0 && overview.models === 0 && overview.loops === 0;
  const notMine = Object.fromEntries(
    Object.entries(stepAction)
      .filter(([, action]) => !may(action))
      .map(([step, action]) => [
        step,
        rolesFor(action)
          .map((role) => common(`role.${role}`))
          .join(', '),
      ]),
  );
  const numbers = ['prompts', 'responses', 'annotations', 'models', 'members', 'loops'] as const;
  return (
    <div className="page mid" style={{ gap: 'var(--s-4)' }}>
      <div className={styles.hero}>
        <div>
          <h1>{empty ? t('title') : project.name}</h1>
          {(empty || project.description) && <p className="ink2 anywhere">{empty ? t('intro') : project.description}</p>}
        </div>
        {empty && <CirclePicture />}
      </div>
      {rank}
      {!empty && (
        <section className="card">
          <h2>{t('overview.inProject')}</h2>
          <dl className={styles.numbers}>
            {numbers.map((key) => (
              <div key={key}>
                <dt>{t(`overview.${key}`)}</dt>
                <dd>{format.number(overview[key])}</dd>
              </div>
            ))}
          </dl>
        </section>
      )}
      <FirstStart
        projectId={projectId}
        slug={project.slug}
        hidden={jar.get(`plumbline-guide-${projectId}`)?.value === 'hidden'}
        counts={{ prompts: overview.prompts, models: overview.models, annotators: overview.annotators, loops: overview.loops }}
        guideline={{ version: guideline.version, text: guideline.text }}
        policies={policyChoices(models)}
        datasets={datasets.map(({ id, name, splits }) => ({ id, name, splits }))}
        notMine={notMine}
      />
      <ThisComputer health={health} />
    </div>
  );
}
