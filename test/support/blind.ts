/**
 * What an annotator receives before submitting may hold no model name, gold, score or another's label. Test data plants texts that begin with
 * `secret-` (names of models, explanations of gold answers, notes of other people); fields that could carry such a thing are refused by name.
 */

/** Fields of the API for annotators that would say what must not be said, whatever their value. */
const refusedFields = new Set([
  'modelVersionId',
  'modelVersion',
  'modelName',
  'modelIds',
  'models',
  'origin',
  'goldAnswer',
  'gold',
  'explanation',
  'score',
  'scores',
  'spread',
  'purpose',
  'sourceTaskId',
  'onlyUserId',
  'authorIds',
  'pseudonym',
  'runId',
  'sampling',
]);
/** What belongs to a task that was sent, in the answer to that submission. */
const afterSubmitting = new Set(['feedback', 'hint', 'reveal']);
const marker = /secret-[a-z][a-z-]*/;

/** Paths that serve people at work: the pages of the annotator and the procedures they call. */
const annotatorPage = /^\/p\/[^/]+\/(annotate|mine|history|guideline)\b/;
const annotatorProcedure = /^(labeling|chat|ownWork|messages|training|qualification)\./;
const strictProcedure = /^(labeling|chat)\./;
/** What these answer belongs to the project's lead: they need labeling.manage and refuse everybody else (test/integration/labeling). */
const leadProcedure = /^labeling\.(policy|savePolicy|pools|savePool|place|openTasks|returnTask)$/;

function procedures(url: URL): readonly string[] {
  const path = url.pathname.match(/^\/api\/trpc\/(.+)$/)?.[1];
  return path === undefined ? [] : decodeURIComponent(path).split(',');
}

/** Whether this is a response that a person at work receives. */
export function isForAnnotator(address: string): boolean {
  const url = new URL(address);
  return annotatorPage.test(url.pathname) || procedures(url).some((name) => annotatorProcedure.test(name) && !leadProcedure.test(name));
}

function* refusedIn(value: unknown, at: string): Generator<string> {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) yield* refusedIn(item, `${at}[${index}]`);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    if (afterSubmitting.has(key)) continue;
    if (refusedFields.has(key)) yield `${at}.${key}`;
    yield* refusedIn(inner, `${at}.${key}`);
  }
}

function withoutFeedback(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutFeedback);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !afterSubmitting.has(key))
      .map(([key, inner]) => [key, withoutFeedback(inner)]),
  );
}

/** JSON bodies and event streams as values; null where the body is a page. */
function readValues(body: string): readonly unknown[] | null {
  try {
    return [JSON.parse(body)];
  } catch {
    const lines = body.split('\n').flatMap((line) => (line.startsWith('data:') ? [line.slice(5)] : [line]));
    const values = lines.flatMap((line) => {
      try {
        return line.trim() === '' ? [] : [JSON.parse(line) as unknown];
      } catch {
        return [];
      }
    });
    return body.trimStart().startsWith('<') || values.length === 0 ? null : values;
  }
}

/** What this response says that it must not say; empty where all is well. */
export function leaksIn(address: string, body: string): readonly string[] {
  const values = readValues(body);
  const where = new URL(address).pathname;
  const shown = values === null ? body : JSON.stringify(withoutFeedback(values));
  const leaks: string[] = [];
  const planted = shown.match(marker)?.[0];
  if (planted) leaks.push(`${where}: the planted text ${planted}`);
  if (values !== null && procedures(new URL(address)).some((name) => strictProcedure.test(name) && !leadProcedure.test(name))) {
    for (const field of refusedIn(values, '')) leaks.push(`${where}: the field ${field}`);
  }
  return leaks;
}
