import type { DefaultWord } from '../../_lib/worded-form';
import type { LabelingApi } from './screen-state';
import type { TaskView } from './task-view';

/** Every task that comes has its form in the reader's language, where the project left it as new forms are. */
export function wordedApi(api: LabelingApi, word: DefaultWord): LabelingApi {
  const worded = async <V extends TaskView | null>(view: V): Promise<V> => {
    if (view === null) return view;
    const { wordedForm } = await import('../../_lib/worded-form');
    return { ...view, form: { ...view.form, spec: wordedForm(view.form.spec, word) } };
  };
  return {
    ...api,
    claim: async (ahead) => worded(await api.claim(ahead)),
    submit: async (letter) => {
      const answer = await api.submit(letter);
      return { ...answer, next: await worded(answer.next) };
    },
    own: async (annotationId) => {
      const sent = await api.own(annotationId);
      return { ...sent, view: await worded(sent.view) };
    },
    skip: async (letter) => ({ next: await worded((await api.skip(letter)).next) }),
    withdraw: async (letter) => worded(await api.withdraw(letter)),
  };
}
