'use client';

import { useEffect, useRef } from 'react';
import { useTranslations } from 'use-intl/react';
import { createSlicer } from '#lib/domain/code-points';
import type { PartOf } from '#lib/domain/form-parts';
import { Icon } from '../../../../../_components/ui/icon';
import { useAnnotate, usePart, useTask } from '../../_components/annotate-context';
import { keepFocus } from '../../_components/keep-focus';
import { KeyCap } from '../../_components/key-cap';
import { answerName } from '../../_state/answer-name';
import styles from '../writing.module.css';
import { currentMark, type SpanAction, type SpanState, sorted } from './answer';
import { categoryNumber } from './marked-text';
import type { Mark } from './marks';
import { pieceOfSelection, selectionOf } from './selection';

/** What can be said of the selection, and every mark of the focused answer as a list. */
export function MarkPanel({ phone }: { phone: boolean }) {
  const t = useTranslations('writing.span');
  const { view } = useTask();
  const { part, state, at, act } = usePart<SpanState, SpanAction, 'span'>('span');
  const response = view.responses[at.answer];
  const mark = currentMark({ state, at }, { part, task: view });
  const picked = pieceOfSelection(selectionOf(at.item));
  const marks = sorted(state.marks[response?.id ?? ''] ?? []);
  const slicer = createSlicer(response?.text ?? '');
  const none = state.none.includes(response?.id ?? '');
  return (
    <section className={styles.page} aria-label={t('list', { name: answerName(at.answer) })}>
      <header>
        <h2>{t('list', { name: answerName(at.answer) })}</h2>
        <span className="grow" />
        <Pick label={t('none')} digit={0} on={none} off={marks.length > 0} press={() => act({ type: 'none' })} />
      </header>
      <div className={styles.side}>
        <Choices part={part} mark={mark} ready={picked !== null} act={act} phone={phone} />
        {marks.length === 0 && <p className="sm ink2">{none ? t('noErrors') : t('empty')}</p>}
        <ol className={styles.list}>
          {marks.map((one, index) => (
            <Item
              key={`${one.start} ${one.end} ${one.category}`}
              number={index + 1}
              mark={one}
              quote={shortened(slicer.slice(one.start, one.end))}
              current={one === mark}
              part={part}
              act={act}
            />
          ))}
        </ol>
      </div>
    </section>
  );
}

interface ChoicesProps {
  part: PartOf<'span'>;
  mark: Mark | null;
  ready: boolean;
  act: (action: SpanAction) => void;
  phone: boolean;
}

/** Always in the same place: what a mark can be called, then how bad it is. Digits go to what is asked next. */
function Choices({ part, mark, ready, act, phone }: ChoicesProps) {
  const t = useTranslations('writing.span');
  const wantsSeverity = mark?.severity === null;
  const severities = useRef<HTMLFieldSetElement>(null);
  // What is asked next is in sight, also where the list is low.
  useEffect(() => {
    if (wantsSeverity) severities.current?.scrollIntoView({ block: 'nearest' });
  }, [wantsSeverity]);
  return (
    <>
      {!ready && <p className="sm ink2">{t(phone ? 'selectTouch' : 'select')}</p>}
      <fieldset className={styles.choices} aria-label={t('mark')}>
        {part.categories.map(({ key, label, help }, index) => (
          <Pick
            key={key}
            label={label}
            help={help}
            digit={phone || wantsSeverity ? null : index + 1}
            tag={index + 1}
            on={mark?.category === key}
            off={!ready}
            press={() => act({ type: 'category', key })}
          />
        ))}
      </fieldset>
      {part.severities.length > 1 && (
        <fieldset ref={severities} className={styles.choices} aria-label={t('severity')}>
          {part.severities.map(({ key, label }, index) => (
            <Pick
              key={key}
              label={label}
              digit={!phone && wantsSeverity ? index + 1 : null}
              on={mark?.severity === key}
              off={mark === null}
              press={() => act({ type: 'severity', key })}
            />
          ))}
        </fieldset>
      )}
    </>
  );
}

interface PickProps {
  label: string;
  help?: string;
  /** The key that does it now; null where the digits mean something else. */
  digit: number | null;
  tag?: number;
  on: boolean;
  off: boolean;
  press: () => void;
}

function Pick({ label, help, digit, tag, on, off, press }: PickProps) {
  const { preferences } = useAnnotate();
  const keyed = digit !== null && digit <= 9 && preferences.singleKeys;
  return (
    <button
      type="button"
      className="btn"
      title={help || undefined}
      aria-pressed={on}
      aria-disabled={off || undefined}
      onMouseDown={keepFocus}
      onClick={press}
    >
      {on && <Icon name="check" />}
      {tag !== undefined && !keyed && <span className={styles.tag}>{tag}</span>}
      {label}
      {keyed && <KeyCap>{digit}</KeyCap>}
    </button>
  );
}

interface ItemProps {
  number: number;
  mark: Mark;
  quote: string;
  current: boolean;
  part: PartOf<'span'>;
  act: (action: SpanAction, field?: string) => void;
}

function Item({ number, mark, quote, current, part, act }: ItemProps) {
  const t = useTranslations('writing.span');
  const category = part.categories.find(({ key }) => key === mark.category)?.label ?? '';
  const severity = part.severities.find(({ key }) => key === mark.severity)?.label ?? t('open');
  const select = () => act({ type: 'select', piece: { start: mark.start, end: mark.end } });
  return (
    <li className={styles.markItem} aria-current={current || undefined}>
      <header>
        <span className={styles.tag}>{categoryNumber(mark.category, part)}</span>
        <span className="sm b">{category}</span>
        <span className={`sm ${mark.severity === null ? 'b' : 'ink2'}`}>{severity}</span>
        <span className="grow" />
        <button
          type="button"
          className="btn quiet icon"
          aria-label={`${t('remove')}: ${t('item', { category, severity })}`}
          onMouseDown={keepFocus}
          onClick={() => {
            select();
            act({ type: 'remove' });
          }}
        >
          <Icon name="x" />
        </button>
      </header>
      <button type="button" className={styles.quote} dir="auto" title={t('go', { number })} onMouseDown={keepFocus} onClick={select}>
        {quote}
      </button>
      {part.notes && (current || mark.note !== '') && (
        <textarea
          className="sm"
          rows={1}
          dir="auto"
          style={{ minHeight: 36 }}
          aria-label={t('noteFor', { number })}
          placeholder={t('note')}
          maxLength={2000}
          value={mark.note}
          onFocus={select}
          onChange={(event) => act({ type: 'note', note: event.target.value }, `note ${mark.start} ${mark.end} ${mark.category}`)}
        />
      )}
    </li>
  );
}

const shownLetters = 160;

/** A long piece by its two ends; the whole stands in the text. */
function shortened(text: string): string {
  const letters = Array.from(text);
  if (letters.length <= shownLetters) return text;
  return `${letters.slice(0, shownLetters / 2).join('')} … ${letters.slice(-shownLetters / 2).join('')}`;
}
