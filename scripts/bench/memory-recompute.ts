/**
 * What computing blocks again saves: the highest resident memory of one gradient of a 12-layer model of width 256, 16 rows of 128 tokens, above
 * what the process had before, with and without, eager and recorded, each in a process of its own. Prints one line of JSON, MiB.
 *
 *   npm run bench:memory-recompute [-- llama|gpt2]
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parseEnv } from '#lib/env';
import type { ModelConfig } from '#lib/ml/models/model-config';
import { newModel } from '#lib/ml/models/new-model';
import { createLanguageModel } from '#lib/ml/nn/language-model';
import { createLanguageModelStep, languageModelStepConfig } from '#lib/ml/training/language-model-step';
import { layRows } from '#lib/ml/training/token-rows';
import { engineEnvironment } from '../../workers/engine-settings';
import { benchEngine } from './bench-engine';
import { benchConfig, sizes } from './bench-model';

const { batch, time } = sizes.A;
const layers = 12;

function configOf(family: string): ModelConfig {
  const { biases: _, qkNorm: __, rope: ___, slidingWindow: ____, ...shared } = benchConfig('A');
  if (family === 'gpt2') return { ...shared, layers, family: 'gpt2', modelType: 'gpt2', activation: 'gelu_new' };
  return { ...benchConfig('A'), layers };
}

/** A line of /proc/self/status, MiB. */
function statusMiB(name: string): number {
  const line = readFileSync('/proc/self/status', 'utf8')
    .split('\n')
    .find((each) => each.startsWith(`${name}:`));
  return Number(/\d+/.exec(line ?? '')?.[0]) / 1024;
}

async function measure(family: string, recorded: boolean, recompute: boolean): Promise<number> {
  const engine = await benchEngine();
  const config = configOf(family);
  const model = createLanguageModel(engine, newModel(config, 1));
  model.trunk.recompute = recompute;
  const step = createLanguageModelStep({
    engine,
    model,
    config: languageModelStepConfig.parse({ learningRate: 0, totalSteps: 2, recorded }),
  });
  const texts = Array.from({ length: batch }, (_, row) => ({
    prefix: { tokens: Array.from({ length: time }, (__, at) => ((row * time + at) * 7919) % config.vocabSize) },
  }));
  const rows = layRows(
    texts.map((text) => [text]),
    { padId: 0, contextLength: config.contextLength },
  );
  const before = statusMiB('VmRSS');
  step.step([rows]);
  step.step([rows]);
  return Math.round(statusMiB('VmHWM') - before);
}

const [family = 'llama', mode, recompute] = process.argv.slice(2);
if (mode !== undefined) {
  console.log(await measure(family, mode === 'recorded', recompute === 'true'));
  process.exit(0);
}
const risen: Record<string, number> = {};
for (const each of ['eager', 'recorded']) {
  for (const again of [false, true]) {
    const settings = { ...process.env, ...engineEnvironment(parseEnv(process.env).engine, process.env) };
    const script = [...process.execArgv, process.argv[1] ?? '', family, each, String(again)];
    const { status, stdout } = spawnSync(process.execPath, script, {
      env: settings,
      stdio: ['ignore', 'pipe', 'inherit'],
      encoding: 'utf8',
    });
    if (status !== 0) process.exit(status ?? 1);
    risen[`${each}${again ? ', computed again' : ''}`] = Number(stdout);
  }
}
console.log(JSON.stringify({ family, layers, tokens: batch * time, risenMiB: risen }));
