import type { PartOf } from '#lib/domain/form-parts';
import type { PartContext, PartModel } from '../../_state/part-model';
import { type Choice, choiceContent, choiceLine, choiceOfContent, choiceOfPress, readChoice, scaleChoices } from '../../_state/strength';

type Part = PartOf<'pairwise'>;

export interface PairwiseState {
  readonly choice: Choice | null;
}

export interface PairwiseAction {
  readonly type: 'choose';
  readonly choice: Choice | null;
}

export const pairwiseModel: PartModel<Part, PairwiseState, PairwiseAction> = {
  open({ part, task }, kept) {
    const [first] = ids({ part, task });
    // The draft names its side, so that it fits the other display order too.
    const { choice, first: side } = typeof kept === 'object' && kept !== null ? (kept as Record<string, unknown>) : {};
    const seen = typeof choice === 'number' && side !== first ? -choice : choice;
    return { choice: readChoice(part, seen) };
  },

  restore({ part, task }, content) {
    return { choice: choiceOfContent(part, content, ...ids({ part, task })) };
  },

  reduce(scope, { choice }) {
    return choice === scope.state.choice ? scope : { ...scope, state: { choice } };
  },

  draft({ choice }, context) {
    return { choice, first: ids(context)[0] };
  },

  missing({ choice }, { part }) {
    if (choice !== null) return null;
    const last = scaleChoices(part).length;
    return {
      title: { key: 'annotate.choice.missing' },
      todo: {
        key: part.bothBad ? 'annotate.choice.missingDoBad' : 'annotate.choice.missingDo',
        values: { last: part.strength ? 7 : last },
      },
    };
  },

  content({ choice }, context) {
    return choice === null ? {} : choiceContent(context.part, choice, ...ids(context));
  },

  key(press, _scope, { part }) {
    if (press.type === 'erase') return { type: 'choose', choice: null };
    const choice = choiceOfPress(part, press);
    return choice === null ? null : { type: 'choose', choice };
  },

  said({ choice }, _before, _after, { part }) {
    return choice === null ? { key: 'annotate.choice.saidNone' } : choiceLine(part, choice);
  },

  summary({ choice }, { part }) {
    return choice === null ? null : choiceLine(part, choice);
  },

  answers: ({ choice }) => choice !== null,
};

function ids({ task }: PartContext<Part>): [string, string] {
  return [task.responses[0]?.id ?? '', task.responses[1]?.id ?? ''];
}
