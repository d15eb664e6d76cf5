import type { FormSpec } from './forms';

/** One thing that differs between two versions of a form; null where a version does not have it. */
interface FormChange {
  /** Part, then item by its key, then field: ['flags', 'opinion', 'label']. */
  readonly path: readonly string[];
  readonly before: string | null;
  readonly after: string | null;
}

/** What changed from one version to the next, in the order of the later one; what was taken out comes last. */
export function formChanges(before: FormSpec, after: FormSpec): FormChange[] {
  const [old, now] = [flatten(before), flatten(after)];
  const changes: FormChange[] = [];
  for (const [name, leaf] of now) {
    const was = old.get(name);
    if (was?.value !== leaf.value) changes.push({ path: leaf.path, before: was?.value ?? null, after: leaf.value });
  }
  for (const [name, leaf] of old) if (!now.has(name)) changes.push({ path: leaf.path, before: leaf.value, after: null });
  const order = (form: FormSpec) => form.parts.map(({ type }) => type).join(', ');
  const sameParts =
    [...before.parts]
      .map(({ type }) => type)
      .sort()
      .join() ===
    [...after.parts]
      .map(({ type }) => type)
      .sort()
      .join();
  if (sameParts && order(before) !== order(after)) changes.unshift({ path: ['parts'], before: order(before), after: order(after) });
  return changes;
}

interface Leaf {
  readonly path: readonly string[];
  readonly value: string;
}

function flatten(form: FormSpec): Map<string, Leaf> {
  const leaves = new Map<string, Leaf>();
  const add = (path: readonly string[], value: unknown) => leaves.set(JSON.stringify(path), { path, value: String(value) });
  for (const { type, ...fields } of form.parts) {
    for (const [field, value] of Object.entries(fields)) {
      if (!Array.isArray(value)) add([type, field], value);
      else {
        add([type, field], value.map((item) => item.key).join(', '));
        for (const item of value) {
          for (const [name, content] of Object.entries(item)) if (name !== 'key' && content !== '') add([type, item.key, name], content);
        }
      }
    }
  }
  return leaves;
}
