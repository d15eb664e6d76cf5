'use client';

import { Fragment, type ReactNode, useState } from 'react';
import { useTranslations } from 'use-intl/react';
import { Icon } from '../../../_components/ui/icon';
import { writeCookie } from '../../../_i18n/write-cookie';
import styles from './first-start.module.css';
import { GuidelineEditor } from './guideline-editor';
import { ImportModel } from './import-model';
import { ImportPrompts } from './import-prompts';
import { InvitePeople } from './invite-people';
import { type LoopChoices, StartLoop } from './start-loop';

const stepNames = ['prompts', 'model', 'good', 'people', 'loop'] as const;
type Step = (typeof stepNames)[number];

interface Props extends LoopChoices {
  projectId: string;
  slug: string;
  hidden: boolean;
  counts: { prompts: number; models: number; annotators: number; loops: number };
  guideline: { version: number; text: string };
  /** Roles that may take a step which this person may not. */
  notMine: Partial<Record<Step, string>>;
}

/** Five steps to the first round; each opens in place, the next one is open from the start. */
export function FirstStart({ projectId, slug, hidden, counts, guideline, policies, datasets, notMine }: Props) {
  const t = useTranslations('start');
  const done: Record<Step, boolean> = {
    prompts: counts.prompts > 0,
    model: counts.models > 0,
    good: guideline.version > 1,
    people: counts.annotators > 1,
    loop: counts.loops > 0,
  };
  const ready: Record<Step, boolean> = { prompts: true, model: true, good: true, people: true, loop: done.prompts && done.model };
  const next: Step | null = done.loop ? null : !done.prompts ? 'prompts' : !done.model ? 'model' : 'loop';
  // Chosen once: a step that was just done stays open with its result.
  const [open, setOpen] = useState<Step | null>(next && !notMine[next] ? next : null);
  const [shown, setShown] = useState(!hidden);

  function show(value: boolean) {
    setShown(value);
    writeCookie(`plumbline-guide-${projectId}`, value ? 'shown' : 'hidden');
  }

  const have: Record<Step, string> = {
    prompts: t('prompts.have', { n: counts.prompts }),
    model: t('model.have', { n: counts.models }),
    good: t('good.have', { n: guideline.version }),
    people: t('people.have', { n: counts.annotators }),
    loop: t('loop.have', { n: counts.loops }),
  };
  const panel: Record<Step, () => ReactNode> = {
    prompts: () => <ImportPrompts projectId={projectId} primary />,
    model: () => <ImportModel projectId={projectId} primary />,
    good: () => <GuidelineEditor key={guideline.version} projectId={projectId} guideline={guideline} primary mayWrite />,
    people: () => <InvitePeople projectId={projectId} primary />,
    loop: () => <StartLoop projectId={projectId} slug={slug} policies={policies} datasets={datasets} primary />,
  };

  if (!shown) {
    return (
      <div>
        <button type="button" className="btn quiet" onClick={() => show(true)}>
          {t('steps.show')}
        </button>
      </div>
    );
  }
  return (
    <section>
      <div className="head" style={{ marginBottom: 'var(--s-1)' }}>
        <h2>{t('steps.title')}</h2>
        <span className="sm dim">{t('steps.stays')}</span>
        <span className="grow" />
        <button type="button" className="btn quiet" onClick={() => show(false)}>
          {t('steps.hide')}
        </button>
      </div>
      <div className={`card ${styles.steps}`}>
        {stepNames.map((step, index) => (
          <Fragment key={step}>
            <div className={styles.one} data-now={open === step} data-done={done[step]}>
              <div className="row">
                <span className={styles.num}>{done[step] ? <Icon name="check" /> : index + 1}</span>
                <h3>{t(`${step}.title`)}</h3>
                {done[step] && <span className="hidden-text">{t('steps.done')}</span>}
              </div>
              <p className="sm ink2">{done[step] || (step === 'good' && guideline.version > 1) ? have[step] : t(`${step}.text`)}</p>
              <div className={styles.foot}>
                {notMine[step] ? (
                  <span className="sm dim">{t('steps.role', { roles: notMine[step] })}</span>
                ) : ready[step] ? (
                  <button type="button" className="btn" aria-expanded={open === step} onClick={() => setOpen(open === step ? null : step)}>
                    {step === 'good' && done.good ? t('good.edit') : t(`${step}.do`)}
                  </button>
                ) : (
                  <span className="sm dim">{t('steps.after12')}</span>
                )}
              </div>
            </div>
            {open === step && (
              <section className={styles.panel} aria-label={t(`${step}.title`)}>
                {panel[step]()}
              </section>
            )}
          </Fragment>
        ))}
      </div>
    </section>
  );
}
