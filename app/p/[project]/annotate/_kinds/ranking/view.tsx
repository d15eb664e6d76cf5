'use client';

import { useTranslations } from 'use-intl/react';
import { Icon } from '../../../../../_components/ui/icon';
import { useAnnotate, useTask } from '../../_components/annotate-context';
import { AnswerColumns } from '../../_components/answer-columns';
import { AnswerTabs, OneAnswer } from '../../_components/answer-tabs';
import { KindFoot, KindThumb, ReadingTools } from '../../_components/foot';
import { Prompt } from '../../_components/prompt';
import { Sheet } from '../../_components/sheets';
import { answerName } from '../../_state/answer-name';
import styles from '../../annotate.module.css';
import { DragShadow, useDrag } from './drag';
import { OrderStrip } from './order-strip';
import { PlaceButtons } from './place-buttons';
import { RankBadge } from './rank-badge';
import { useRanking } from './use-ranking';
import { useStanding } from './use-standing';

/** Answers in full, each with its place in its head and the places to give below it. */
export default function RankingView({ phone }: { phone: boolean }) {
  return phone ? <Phone /> : <Wide />;
}

function Wide() {
  const { places } = useRanking().state;
  const standing = useStanding();
  const drag = useDrag();
  return (
    <>
      <Prompt />
      <AnswerColumns
        head={(answer) => <Head answer={answer} />}
        described={(answer) => standing(places, answer)}
        placed={(answer) => typeof places[answer] === 'number'}
        sheet={(answer) => <Sheet answer={answer} />}
        foot={(answer, focused) => <PlaceButtons answer={answer} showKey={focused} />}
        onHeadPointerDown={drag.start}
      />
      <KindFoot lead={<OrderStrip onGrip={drag.start} />} tools={<ReadingTools />} longLead tall={places.length > 4} />
      <DragShadow drag={drag} />
    </>
  );
}

/** One answer at a time; everything to decide is in the lower third. */
function Phone() {
  const { state, at } = useRanking();
  const standing = useStanding();
  const drag = useDrag();
  const { places } = state;
  const count = places.length;
  return (
    <>
      <Prompt touch />
      <AnswerTabs badge={(answer) => <RankBadge places={places} answer={answer} small />} />
      <OneAnswer
        head={<Head answer={at.answer} onGrip={drag.start} />}
        described={standing(places, at.answer)}
        sheet={<Sheet answer={at.answer} />}
      />
      <KindThumb>
        <OrderStrip touch onGrip={drag.start} />
        <div className={`${styles.places} ${count > 4 ? styles.manyPlaces : ''}`} style={{ '--count': count } as React.CSSProperties}>
          <PlaceButtons answer={at.answer} touch />
        </div>
      </KindThumb>
      <DragShadow drag={drag} />
    </>
  );
}

function Head({ answer, onGrip }: { answer: number; onGrip?: ReturnType<typeof useDrag>['start'] }) {
  const t = useTranslations('annotate.answers');
  const { preferences } = useAnnotate();
  const { view } = useTask();
  const { places } = useRanking().state;
  const standing = useStanding();
  return (
    <>
      <RankBadge places={places} answer={answer} />
      <h2>{answerName(answer)}</h2>
      <span className={styles.standing}>{standing(places, answer)}</span>
      <span className="grow" />
      {preferences.layout === 'stacked' && (
        <span className="xs dim">{t('position', { position: answer + 1, count: view.responses.length })}</span>
      )}
      <span className={styles.grip} onPointerDown={onGrip && ((event) => onGrip(event, answer))} data-grip>
        <Icon name="dots" />
      </span>
    </>
  );
}
