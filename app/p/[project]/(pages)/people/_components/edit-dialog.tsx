'use client';

import { useMutation } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import type { FormEvent } from 'react';
import { useTranslations } from 'use-intl/react';
import type { PersonView } from '#lib/services/people/list-people';
import { Dialog } from '../../../../../_components/ui/dialog';
import { ErrorNote } from '../../../../../_components/ui/error-note';
import { Field } from '../../../../../_components/ui/field';
import { useTRPC } from '../../../../../_trpc/client';
import { wordsIn } from '../../../_lib/words-in';
import styles from '../../quality/_components/quality.module.css';

interface Props {
  projectId: string;
  person: PersonView;
  onClose: () => void;
}

const numbers = ['dailyQuota', 'totalQuota', 'payCents'] as const;

/** Skills, languages, quotas and pay of a member. */
export function EditDialog({ projectId, person, onClose }: Props) {
  const t = useTranslations('quality');
  const common = useTranslations('common');
  const router = useRouter();
  const save = useMutation(
    useTRPC().people.updateMember.mutationOptions({
      onSuccess: () => {
        router.refresh();
        onClose();
      },
    }),
  );
  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    if (save.isPending) return;
    const form = new FormData(event.currentTarget);
    const number = (name: (typeof numbers)[number]) => {
      const text = String(form.get(name)).trim();
      return text === '' ? null : Number(text);
    };
    save.mutate({
      projectId,
      userId: person.userId,
      skills: wordsIn(String(form.get('skills'))),
      languages: wordsIn(String(form.get('languages'))),
      dailyQuota: number('dailyQuota'),
      totalQuota: number('totalQuota'),
      payCents: number('payCents'),
      trained: form.get('trained') !== null,
      qualified: form.get('qualified') !== null,
    });
  }
  return (
    <Dialog title={t('members.editTitle', { person: person.name ?? person.label })} onClose={onClose}>
      <form className={styles.stack} onSubmit={submit}>
        <ErrorNote error={save.error} />
        <Field label={t('members.skills')} hint={t('members.skillsHint')}>
          {(ids) => <input {...ids} name="skills" dir="auto" defaultValue={person.skills.join(', ')} />}
        </Field>
        <Field label={t('members.languages')} hint={t('members.languagesHint')}>
          {(ids) => <input {...ids} name="languages" dir="ltr" defaultValue={person.languages.join(', ')} />}
        </Field>
        <div className={styles.fields}>
          {numbers.map((name) => (
            <Field key={name} label={t(`members.${name}`)} hint={t('members.empty')}>
              {(ids) => (
                <input
                  {...ids}
                  name={name}
                  type="number"
                  min={name === 'payCents' ? 0 : 1}
                  max={1_000_000}
                  defaultValue={person[name] ?? ''}
                />
              )}
            </Field>
          ))}
        </div>
        <div className={styles.group}>
          <label className="choice">
            <input type="checkbox" name="trained" defaultChecked={person.trainedAt !== null} />
            {t('members.isTrained')}
          </label>
          <label className="choice">
            <input type="checkbox" name="qualified" defaultChecked={person.qualifiedAt !== null} />
            {t('members.isQualified')}
          </label>
        </div>
        <div className="actions">
          <button type="button" className="btn lg" onClick={onClose}>
            {common('cancel')}
          </button>
          <button type="submit" className="btn primary lg" aria-busy={save.isPending}>
            {save.isPending ? common('saving') : common('save')}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
