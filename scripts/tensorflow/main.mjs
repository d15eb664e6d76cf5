/**
 * `npm run setup:tensorflow -- [--gpu] [--force] [--release V] [--json]`: the same as `plumbline setup tensorflow`, before anything is built.
 */
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { prepareTensorflow } from './prepare.mjs';
import { progressWriter } from './progress.mjs';

const { values } = parseArgs({
  options: { gpu: { type: 'boolean' }, force: { type: 'boolean' }, release: { type: 'string' }, json: { type: 'boolean' } },
});
const root = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');
const out = progressWriter(values.json ? process.stderr : process.stdout, { prefix: 'tensorflow: ' });
const result = await prepareTensorflow({ ...values, version: values.release, root, log: out.line, progress: out.progress });
out.end();
if (values.json) console.log(JSON.stringify(result));
else if (result.ready) out.line(`ready (${result.library}, ${result.gpu ? 'GPU' : 'CPU'}, ${result.how})`);
else out.line(`not available: ${result.reason}. ${result.remedy} The slower wasm engine is used.`);
process.exitCode = result.ready ? 0 : 1;
