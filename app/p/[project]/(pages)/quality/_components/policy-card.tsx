'use client';

import { useMutation } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { type FormEvent, useState } from 'react';
import { useTranslations } from 'use-intl/react';
import type { QualityPolicy } from '#lib/domain/quality/quality-policy';
import { ErrorNote } from '../../../../../_components/ui/error-note';
import { Field } from '../../../../../_components/ui/field';
import { useTRPC } from '../../../../../_trpc/client';
import styles from './quality.module.css';

const numbers = [
  'goldShare',
  'maxExposures',
  'passAt',
  'repeatShare',
  'afterHours',
  'good',
  'poor',
  'falseAlarm',
  'miss',
  'warnAt',
  'pauseAt',
] as const;
const switches = ['sprt', 'training', 'qualification'] as const;

type Numbers = Record<(typeof numbers)[number], number | null>;
const percent = (share: number) => Math.round(share * 1000) / 10;

function numbersOf({ gold, repeats, sprt, dwell }: QualityPolicy): Numbers {
  return {
    goldShare: percent(gold.share),
    maxExposures: gold.maxExposures,
    passAt: percent(gold.passAt),
    repeatShare: percent(repeats.share),
    afterHours: repeats.afterHours,
    good: percent(sprt.good),
    poor: percent(sprt.poor),
    falseAlarm: percent(sprt.falseAlarm),
    miss: percent(sprt.miss),
    warnAt: dwell.warnAt,
    pauseAt: dwell.pauseAt,
  };
}

/** How labels of the project are checked, and by what rule a person is paused. */
export function PolicyCard({ projectId, policy }: { projectId: string; policy: QualityPolicy }) {
  const t = useTranslations('quality');
  const router = useRouter();
  const [changed, setChanged] = useState(false);
  const save = useMutation(
    useTRPC().quality.savePolicy.mutationOptions({
      onSuccess: () => {
        setChanged(false);
        router.refresh();
      },
    }),
  );
  const values = numbersOf(policy);
  const on = { sprt: policy.sprt.enabled, training: policy.training.required, qualification: policy.qualification.required };
  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    if (save.isPending) return;
    const form = new FormData(event.currentTarget);
    const number = (name: (typeof numbers)[number]) => Number(form.get(name));
    const share = (name: (typeof numbers)[number]) => number(name) / 100;
    const pauseAt = String(form.get('pauseAt')).trim();
    save.mutate({
      projectId,
      policy: {
        gold: { ...policy.gold, share: share('goldShare'), maxExposures: number('maxExposures'), passAt: share('passAt') },
        repeats: { ...policy.repeats, share: share('repeatShare'), afterHours: number('afterHours') },
        sprt: {
          ...policy.sprt,
          enabled: form.get('sprt') !== null,
          good: share('good'),
          poor: share('poor'),
          falseAlarm: share('falseAlarm'),
          miss: share('miss'),
        },
        dwell: { ...policy.dwell, warnAt: number('warnAt'), pauseAt: pauseAt === '' ? null : Number(pauseAt) },
        training: { ...policy.training, required: form.get('training') !== null },
        qualification: { required: form.get('qualification') !== null },
      },
    });
  }
  return (
    <section className="card">
      <div className="head">
        <h2>{t('policy.title')}</h2>
      </div>
      <form className={styles.stack} onSubmit={submit} onChange={() => setChanged(true)}>
        <ErrorNote error={save.error} />
        <div className={styles.fields}>
          {numbers.map((name) => (
            <Field key={name} label={t(`policy.${name}`)} hint={name === 'pauseAt' ? t('policy.pauseAtHint') : undefined}>
              {(ids) => (
                <input
                  {...ids}
                  name={name}
                  type="number"
                  min={0}
                  step="any"
                  required={name !== 'pauseAt'}
                  defaultValue={values[name] ?? ''}
                />
              )}
            </Field>
          ))}
        </div>
        <div className={styles.group}>
          {switches.map((name) => (
            <label key={name} className="choice">
              <input type="checkbox" name={name} defaultChecked={on[name]} />
              <span>
                {t(`policy.${name}`)} {name === 'sprt' && <span className="dim">{t('policy.sprtHint')}</span>}
              </span>
            </label>
          ))}
        </div>
        <div className="row wrap">
          <button type="submit" className="btn lg" aria-disabled={!changed} aria-busy={save.isPending}>
            {t('policy.save')}
          </button>
          <span className="sm dim" aria-live="polite">
            {changed ? t('policy.unsaved') : save.isSuccess ? t('policy.saved') : ''}
          </span>
        </div>
      </form>
    </section>
  );
}
