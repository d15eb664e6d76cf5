import path from 'node:path';
import type { Command } from 'commander';
import { snapshotRows } from '#lib/services/snapshots/snapshot-rows';
import { action, argument, type CliContext, text } from '../frame';
import { openInstallation } from '../installation';
import { writeOutput } from '../write-output';

export function registerSnapshotsExport(snapshots: Command, context: CliContext): void {
  snapshots
    .command('export')
    .description('write a snapshot as rankings to train on: prompt, responses, ranks, annotator, split')
    .argument('<snapshot>', 'id of the snapshot')
    .requiredOption('--out <file>', 'where to')
    .addHelpText(
      'after',
      '\nThe rows are what `plumbline train` reads; texts are checked against the hashes that were frozen.\n\nExample:\n  plumbline snapshots export 5c0f6a52-3d0e-4f4c-9d8e-0f7b0c1a2d3e --out labels.jsonl',
    )
    .action(
      action(context, async (given) => {
        const { actor, deps } = await openInstallation(context);
        const rows = await snapshotRows(deps, actor, { snapshotId: argument(given, 0) });
        const file = path.resolve(text(given, 'out'));
        const encoder = new TextEncoder();
        const bytes = await writeOutput(file, linesOf(rows, encoder));
        return { json: { rows: rows.length, file, bytes }, text: `${rows.length} rankings are in ${file}.` };
      }),
    );
}

async function* linesOf(rows: readonly object[], encoder: TextEncoder) {
  for (const row of rows) yield encoder.encode(`${JSON.stringify(row)}\n`);
}
