import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { writeSafetensors } from '#lib/formats/safetensors';
import { createEngine } from '#lib/ml/engine/create-engine';
import { nativeEnvironment } from '#lib/ml/engine/native-binding';
import { createLanguageModel, createScalarModel } from '#lib/ml/nn/language-model';
import { readReference, referenceNames } from '../../../support/reference-models';
import { writeModel } from '../../../support/saved-model';

Object.assign(process.env, nativeEnvironment(2));

/** A Python that has torch, transformers and safetensors. */
const python = process.env.PLUMBLINE_REFERENCE_PYTHON;
const script = path.resolve(import.meta.dirname, '../../../../scripts/reference/check_saved_model.py');

describe.skipIf(!python)('saved folders in transformers (needs PLUMBLINE_REFERENCE_PYTHON)', () => {
  test('every architecture loads there and gives the same logits', { timeout: 300_000 }, async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'plumbline-saved-'));
    const engine = await createEngine({ backend: 'native', threads: 2 });
    const pairs: string[] = [];
    try {
      for (const name of referenceNames()) {
        const { model: files, rows, time, tokens } = await readReference(name);
        // a limit that splits most of them
        writeModel(files, path.join(folder, name), { shardBytes: 20_000 });
        const everywhere = tokens.map((_, position) => position);
        const scalar = files.kind !== 'POLICY';
        const model = scalar ? createScalarModel(engine, files, { headSeed: 0 }) : createLanguageModel(engine, files);
        const tensor =
          'scores' in model ? model.scores(tokens, rows.length, time, everywhere) : model.logits(tokens, rows.length, time, everywhere);
        const values = { dtype: 'F32' as const, data: Float32Array.from(engine.read(tensor)) };
        engine.dispose(tensor);
        model.dispose();
        const outputs = path.join(folder, `${name}.safetensors`);
        writeFileSync(
          outputs,
          writeSafetensors({
            ids: { dtype: 'I32', shape: [rows.length, time], data: tokens },
            lengths: { dtype: 'I32', shape: [rows.length], data: Int32Array.from(rows, (row) => row.length) },
            ...(scalar
              ? { scores: { ...values, shape: [rows.length, time] } }
              : { logits: { ...values, shape: [rows.length, time, files.config.vocabSize] } }),
          }),
        );
        pairs.push(path.join(folder, name), outputs);
      }
      const lines = execFileSync(python ?? '', [script, ...pairs], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
      const results = lines
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
      expect(results.map(({ model }) => model)).toEqual(referenceNames());
      for (const result of results) {
        expect(Object.keys(result).sort(), String(result.model)).toEqual(['architecture', 'largestDifference', 'model']);
        expect(result.largestDifference, String(result.model)).toBeLessThan(1e-4);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
