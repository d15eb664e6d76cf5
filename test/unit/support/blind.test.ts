import { describe, expect, it } from 'vitest';
import { isForAnnotator, leaksIn } from '../../support/blind';

const api = (name: string) => `http://localhost:3000/api/trpc/${name}?batch=1`;

describe('what annotators receive', () => {
  it('knows their pages and procedures from those of others', () => {
    expect(isForAnnotator(api('labeling.claim'))).toBe(true);
    expect(isForAnnotator(api('labeling.submit,labeling.heartbeat'))).toBe(true);
    expect(isForAnnotator('http://localhost:3000/p/helpful/annotate?_rsc=1')).toBe(true);
    expect(isForAnnotator(api('runs.get'))).toBe(false);
    expect(isForAnnotator(api('labeling.savePolicy'))).toBe(false);
    expect(isForAnnotator(api('labeling.savePolicy,labeling.claim'))).toBe(true);
    expect(isForAnnotator('http://localhost:3000/p/helpful/models')).toBe(false);
  });

  it('finds planted names in JSON, in event streams and in pages', () => {
    expect(leaksIn(api('labeling.view'), '[{"result":{"data":{"json":{"text":"by secret-model-name"}}}}]')).toEqual([
      '/api/trpc/labeling.view: the planted text secret-model-name',
    ]);
    expect(leaksIn(api('chat.watch'), 'event: x\ndata: {"a":"secret-model-b"}\n\n')).toHaveLength(1);
    expect(leaksIn('http://localhost:3000/p/x/annotate', '<html>secret-gold</html>')).toHaveLength(1);
    expect(leaksIn('http://localhost:3000/p/x/annotate', '<html>Answer</html>')).toEqual([]);
  });

  it('refuses fields by name, wherever they stand, and lets pass what follows a submission', () => {
    const body = JSON.stringify([{ result: { data: { json: { next: { responses: [{ id: 'a', modelVersionId: 'm' }] } } } } }]);
    expect(leaksIn(api('labeling.submit'), body)).toEqual([
      '/api/trpc/labeling.submit: the field [0][0].result.data.json.next.responses[0].modelVersionId',
    ]);
    const after = JSON.stringify({ reveal: { A: 'secret-model-a' }, feedback: { explanation: 'secret-gold' }, next: null });
    expect(leaksIn(api('labeling.submit'), after)).toEqual([]);
  });
});
