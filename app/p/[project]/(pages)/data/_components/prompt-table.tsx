import type { PromptView } from '#lib/services/data/list-prompts';
import { getFormat, getT } from '../../../../../_i18n/server';
import styles from './prompt-table.module.css';

const splitWord = { TRAIN: 'datasets.train', VALIDATION: 'datasets.validation', TEST: 'datasets.test' } as const;

/** Prompts as they were brought: plain text in its own direction, nothing of it is rendered. */
export async function PromptTable({ prompts }: { prompts: readonly PromptView[] }) {
  const [t, format] = [await getT('data'), await getFormat()];
  return (
    <table className={styles.table}>
      <thead>
        <tr>
          <th scope="col" className={styles.number}>
            {t('prompts.number')}
          </th>
          <th scope="col" className={styles.split}>
            {t('prompts.split')}
          </th>
          <th scope="col">{t('prompts.text')}</th>
        </tr>
      </thead>
      <tbody>
        {prompts.map((prompt) => (
          <tr key={prompt.id}>
            <td className="dim">{format.number(prompt.ordinal + 1)}</td>
            <td className="dim">{t(splitWord[prompt.split])}</td>
            <td>
              {prompt.messages.map((message, index) => (
                <div key={index} className={styles.message}>
                  {prompt.messages.length > 1 && <span className="xs dim">{t(`prompts.role.${message.role}`)}</span>}
                  <div dir="auto" className={styles.text}>
                    {message.content}
                  </div>
                </div>
              ))}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
