'use client';

import { type KeyboardEvent, type MouseEvent, memo, type ReactNode, useMemo, useState } from 'react';
import { useTranslations } from 'use-intl/react';
import styles from './answer-text.module.css';
import { LinkDialog } from './link-dialog';
import { renderMarkdown } from './render-markdown';
import { textBlocks } from './text-blocks';

/** What a model wrote, as text that does nothing by itself: no HTML, no image, no link that opens without asking. */
export const AnswerText = memo(function AnswerText({ text }: { text: string }) {
  const t = useTranslations('annotate.text');
  const [address, setAddress] = useState<string | null>(null);
  const codeLabel = t('code');
  const tableLabel = t('table');
  const rendered = useMemo(
    () =>
      renderMarkdown(text, { link: (href, children) => <Ask address={href} ask={setAddress} label={children} />, codeLabel, tableLabel }),
    [text, codeLabel, tableLabel],
  );
  return (
    <>
      <div className={styles.text}>
        {text.trim() === '' && <p className={styles.note}>{t('empty')}</p>}
        {rendered ?? (
          <>
            <p className={styles.note}>{t('plain')}</p>
            <PlainText text={text} />
          </>
        )}
      </div>
      {address !== null && <LinkDialog address={address} close={() => setAddress(null)} />}
    </>
  );
});

/** Text exactly as written: what a person typed is no Markdown. Direction goes line by line. */
export function PlainText({ text }: { text: string }) {
  const blocks = useMemo(() => textBlocks(text), [text]);
  return blocks.map((block, index) => (
    <div key={index} className={blocks.length > 1 ? `${styles.plain} ${styles.block}` : styles.plain} dir="auto">
      {block}
    </div>
  ));
}

/** Looks like a link; asks before it goes. Without `href`, so that no middle click, drag or preview goes round the question. */
function Ask({ address, ask, label }: { address: string; ask: (address: string) => void; label: ReactNode }) {
  function go(event: MouseEvent | KeyboardEvent) {
    event.preventDefault();
    event.stopPropagation();
    ask(address);
  }
  return (
    // biome-ignore lint/a11y/useSemanticElements: a button cannot break over two lines inside a sentence
    <span className={styles.link} role="link" tabIndex={0} onClick={go} onKeyDown={(event) => event.key === 'Enter' && go(event)}>
      {label}
    </span>
  );
}
