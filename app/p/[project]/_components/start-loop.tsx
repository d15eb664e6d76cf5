'use client';

import { useMutation } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { type FormEvent, useState } from 'react';
import { useFormatter, useTranslations } from 'use-intl/react';
import { presetFor, trainingPresets } from '#lib/domain/training-presets';
import { ErrorNote } from '../../../_components/ui/error-note';
import { Field } from '../../../_components/ui/field';
import { useTRPC } from '../../../_trpc/client';
import styles from './forms.module.css';
import { NumberField } from './number-field';

export interface LoopChoices {
  policies: readonly { id: string; name: string; parameterCount: number }[];
  datasets: readonly { id: string; name: string; splits: { TRAIN: number; VALIDATION: number; TEST: number } }[];
}

interface Props extends LoopChoices {
  projectId: string;
  slug: string;
  primary: boolean;
}

/** Minutes that a person takes for one ranking and for one blind comparison; said as "about". */
const minutes = { ranking: 2, comparison: 1 };

function largest(datasets: LoopChoices['datasets']) {
  const size = ({ splits }: (typeof datasets)[number]) => splits.TRAIN + splits.VALIDATION + splits.TEST;
  return [...datasets].sort((a, b) => size(b) - size(a))[0];
}

/** Few fields with defaults that fit the data; what it costs is said before the click. */
export function StartLoop({ projectId, slug, policies, datasets, primary }: Props) {
  const t = useTranslations('loops');
  const format = useFormatter();
  const router = useRouter();
  const trpc = useTRPC();
  const create = useMutation(trpc.loops.create.mutationOptions());
  const start = useMutation(trpc.loops.start.mutationOptions());
  const [datasetId, setDatasetId] = useState(() => largest(datasets)?.id ?? '');
  const [referenceId, setReferenceId] = useState(policies[0]?.id ?? '');
  const preset = presetFor(policies.find((policy) => policy.id === referenceId)?.parameterCount ?? 0);
  const { sampling, policy: training } = trainingPresets[preset];
  const splits = datasets.find((dataset) => dataset.id === datasetId)?.splits ?? { TRAIN: 0, VALIDATION: 0, TEST: 0 };
  const forLabels = splits.TRAIN + splits.VALIDATION;
  const [wanted, setWanted] = useState<
    Partial<Record<'prompts' | 'answers' | 'overlap' | 'rounds' | 'evaluation' | 'comparisons', number>>
  >({});
  const value = {
    prompts: wanted.prompts ?? Math.max(1, Math.min(64, forLabels)),
    answers: wanted.answers ?? 4,
    overlap: wanted.overlap ?? 1,
    rounds: wanted.rounds ?? 3,
    evaluation: wanted.evaluation ?? Math.max(1, Math.min(64, splits.TEST)),
    comparisons: wanted.comparisons ?? Math.min(24, splits.TEST),
  };
  const set = (key: keyof typeof value) => (next: number) => setWanted((before) => ({ ...before, [key]: next }));
  const rankings = value.prompts * value.overlap;
  const hours = (rankings * minutes.ranking + value.comparisons * minutes.comparison) / 60;
  const busy = create.isPending || start.isPending || start.isSuccess;

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    if (busy) return;
    const form = new FormData(event.currentTarget);
    const gate = String(form.get('gate')).trim();
    const steps = String(form.get('steps')).trim();
    const made = await create
      .mutateAsync({
        projectId,
        name: String(form.get('name')).trim(),
        referenceId,
        datasetId,
        config: {
          seed: Number(form.get('seed')),
          promptsPerRound: value.prompts,
          responsesPerPrompt: value.answers,
          overlap: value.overlap,
          maxRounds: value.rounds,
          sampling: { temperature: Number(form.get('temperature')), maxNewTokens: Number(form.get('length')) },
          policy: steps === '' ? {} : { steps: Number(steps) },
          gate: { minimumAccuracyLow: gate === '' ? null : Number(gate) / 100 },
          evaluation: { prompts: value.evaluation, comparisons: value.comparisons },
          decision: { rule: String(form.get('rule')) },
        },
      })
      .catch(() => null);
    if (!made) return;
    await start.mutateAsync({ loopId: made.loopId }).catch(() => null);
    router.push(`/p/${slug}/loops/${made.loopId}`);
  }

  return (
    <form className={styles.form} onSubmit={submit}>
      <ErrorNote error={create.error ?? start.error} />
      <Field label={t('create.name')}>
        {(ids) => <input {...ids} name="name" required maxLength={120} dir="auto" defaultValue={t('create.defaultName')} />}
      </Field>
      <div className={styles.pair}>
        <Field label={t('create.reference')} hint={t('create.referenceHint')}>
          {(ids) => (
            <select {...ids} required value={referenceId} onChange={(event) => setReferenceId(event.currentTarget.value)}>
              {policies.map((policy) => (
                <option key={policy.id} value={policy.id}>
                  {policy.name}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field
          label={t('create.dataset')}
          hint={t('create.datasetHint', { train: splits.TRAIN, validation: splits.VALIDATION, test: splits.TEST })}
        >
          {(ids) => (
            <select
              {...ids}
              value={datasetId}
              onChange={(event) => {
                setDatasetId(event.currentTarget.value);
                setWanted({});
              }}
            >
              {datasets.map((dataset) => (
                <option key={dataset.id} value={dataset.id}>
                  {dataset.name}
                </option>
              ))}
            </select>
          )}
        </Field>
      </div>
      <div className={styles.pair}>
        <NumberField
          label={t('create.prompts')}
          hint={t('create.promptsHint', { n: forLabels })}
          value={value.prompts}
          min={1}
          max={100_000}
          onValue={set('prompts')}
        />
        <NumberField
          label={t('create.answers')}
          hint={t('create.answersHint')}
          value={value.answers}
          min={2}
          max={9}
          onValue={set('answers')}
        />
        <NumberField
          label={t('create.overlap')}
          hint={t('create.overlapHint')}
          value={value.overlap}
          min={1}
          max={9}
          onValue={set('overlap')}
        />
        <NumberField
          label={t('create.rounds')}
          hint={t('create.roundsHint')}
          value={value.rounds}
          min={1}
          max={100}
          onValue={set('rounds')}
        />
      </div>
      <details>
        <summary className="b">{t('create.more')}</summary>
        <div className={styles.pair} style={{ marginTop: 'var(--s-2)' }}>
          <NumberField
            label={t('create.temperature')}
            hint={t('create.temperatureHint')}
            key={`temperature-${preset}`}
            name="temperature"
            defaultValue={sampling.temperature ?? 1}
            min={0.1}
            max={5}
            step={0.1}
          />
          <NumberField
            key={`length-${preset}`}
            label={t('create.length')}
            hint={t('create.lengthHint')}
            name="length"
            defaultValue={sampling.maxNewTokens ?? 128}
            min={1}
            max={4096}
          />
          <NumberField
            key={`steps-${preset}`}
            label={t('create.steps')}
            hint={t('create.stepsHint')}
            name="steps"
            {...(typeof training.steps === 'number' ? { defaultValue: training.steps } : {})}
            min={1}
            max={100_000}
            optional
          />
          <NumberField label={t('create.gate')} hint={t('create.gateHint')} name="gate" defaultValue={50} min={0} max={100} optional />
          <NumberField
            label={t('create.evaluation')}
            hint={t('create.evaluationHint', { n: splits.TEST })}
            value={value.evaluation}
            min={1}
            max={10_000}
            onValue={set('evaluation')}
          />
          <NumberField
            label={t('create.comparisons')}
            hint={t('create.comparisonsHint')}
            value={value.comparisons}
            min={0}
            max={10_000}
            onValue={set('comparisons')}
          />
          <Field label={t('create.rule')} hint={t('create.ruleHint')}>
            {(ids) => (
              <select {...ids} name="rule" defaultValue="ask">
                <option value="ask">{t('create.rules.ask')}</option>
                <option value="win-rate-low">{t('create.rules.win-rate-low')}</option>
                <option value="win-rate">{t('create.rules.win-rate')}</option>
              </select>
            )}
          </Field>
          <NumberField label={t('create.seed')} hint={t('create.seedHint')} name="seed" defaultValue={1} min={0} max={2_147_483_647} />
        </div>
      </details>
      <div className="note acc">
        <div className="b">{t('create.cost')}</div>
        <p className="sm ink2">
          {t('create.costText', {
            answers: format.number(value.prompts * value.answers),
            rankings: format.number(rankings),
            comparisons: format.number(value.comparisons),
            hours: format.number(hours, { maximumFractionDigits: hours < 10 ? 1 : 0 }),
          })}
        </p>
      </div>
      <div>
        <button type="submit" className={primary ? 'btn primary lg' : 'btn lg'} aria-busy={busy}>
          {busy ? t('create.busy') : t('create.do')}
        </button>
      </div>
    </form>
  );
}
