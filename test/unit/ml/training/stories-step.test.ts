import { describe, expect, test } from 'vitest';
import { createEngine } from '#lib/ml/engine/create-engine';
import { nativeEnvironment } from '#lib/ml/engine/native-binding';
import { addAdapter } from '#lib/ml/nn/adapt-model';
import { createLanguageModel } from '#lib/ml/nn/language-model';
import { loraConfig } from '#lib/ml/nn/lora';
import { loadTokenizer } from '#lib/ml/tokenizers/tokenizer';
import { createLanguageModelStep, languageModelStepConfig } from '#lib/ml/training/language-model-step';
import { packTexts } from '#lib/ml/training/packing';
import { layRows } from '#lib/ml/training/token-rows';
import { readStories, storiesFolder, storiesModel } from '../../../support/stories260k';

Object.assign(process.env, nativeEnvironment(2));

describe.skipIf(!storiesFolder)('training on stories260k (needs PLUMBLINE_TEST_DATA)', () => {
  test('packed stories have the known loss; an adapter learns them and leaves the model as it was', async () => {
    const engine = await createEngine({ backend: 'native', threads: 2 });
    const files = storiesModel();
    const model = createLanguageModel(engine, files);
    const tokenizer = loadTokenizer(files.tokenizerJson, 'tok512', files.config);
    const { stories } = JSON.parse(readStories('story_nll.json').toString('utf8')) as { stories: { text: string }[] };
    const texts = stories.map(({ text }) => ({ prefix: { tokens: tokenizer.encode(text, { bos: true }) } }));
    const { contextLength } = files.config;
    const longest = Math.max(...texts.map(({ prefix }) => prefix.tokens.length));
    const rowLength = Math.max(2 * 512, longest);
    const packed = packTexts(texts, rowLength);
    // several stories share a row
    expect(packed.length).toBeLessThan(texts.length);
    const rows = packed.map((row) => layRows([row.flatMap((index) => texts[index] ?? [])], { padId: 0, contextLength, time: rowLength }));
    addAdapter(model, loraConfig.parse({ rank: 8 }), 1);
    model.trunk.recompute = true;
    const step = createLanguageModelStep({
      engine,
      model,
      parameters: model.trunk.trainable,
      config: languageModelStepConfig.parse({ learningRate: 5e-3, totalSteps: 6 }),
    });
    expect(Math.abs(step.evaluate(rows).loss - 1.264142)).toBeLessThan(1e-4);
    const losses = Array.from({ length: 6 }, () => step.step(rows).loss);
    expect(Math.abs((losses[0] ?? Number.NaN) - 1.264142)).toBeLessThan(1e-4);
    expect(losses[5]).toBeLessThan(1.2);
    expect(Math.abs(model.trunk.withAdapterOff(() => step.evaluate(rows)).loss - 1.264142)).toBeLessThan(1e-4);
    step.dispose();
    model.dispose();
  });
});
