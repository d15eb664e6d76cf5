import type { WritableFile } from '#lib/ml/models/serialize-model';
import type { GivenConfig } from './config';
import type { RunRecord } from './run-record';

interface Card {
  readonly record: RunRecord;
  readonly origins: GivenConfig<unknown>['origins'];
  readonly about: string;
  readonly steps: number;
  readonly summary: Readonly<Record<string, unknown>>;
}

const cell = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value)).replaceAll('|', '\\|').replaceAll('\n', ' ');

function rows(head: readonly string[], body: readonly (readonly unknown[])[]): string[] {
  const line = (cells: readonly unknown[]) => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...body.map(line), ''];
}

/** README.md: what this model is made of, by content hashes, and with which settings. */
export function modelCard({ about, origins, record, steps, summary }: Card): WritableFile {
  const { algorithm, command, engine, inputs } = record;
  const lines = [
    `# A ${about}`,
    '',
    `Trained by \`plumbline train ${algorithm}\` in ${steps} updates; \`training.json\` says the same for machines, \`metrics.jsonl\` holds every step.`,
    '',
    '## Made from',
    '',
    ...rows(
      ['what', 'where it lay', 'sha256 of its content'],
      Object.entries(inputs).map(([name, { path, sha256 }]) => [name, path, sha256]),
    ),
    '## Results',
    '',
    ...rows(['figure', 'value'], Object.entries(summary)),
    '## Settings',
    '',
    ...rows(
      ['setting', 'value', 'from'],
      origins.map(({ from, key, value }) => [key, value, from]),
    ),
    `Engine: ${engine.library} on ${engine.device}, ${engine.threads} threads. Command: \`${command.join(' ')}\``,
  ];
  const bytes = new TextEncoder().encode(`${lines.join('\n')}\n`);
  return { name: 'README.md', size: bytes.length, parts: () => [bytes] };
}
