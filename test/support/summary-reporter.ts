import { writeFileSync } from 'node:fs';
import type { SerializedError } from 'vitest';
import type { Reporter, TestModule } from 'vitest/node';

interface Summary {
  passed: number;
  failed: number;
  skipped: { name: string; reason: string }[];
  /** What failed outside of any test: a file that does not load, an error that nobody caught. */
  broken: string[];
}

/** Counts for the last line of `npm test`, written where PLUMBLINE_TEST_SUMMARY says. */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const file = process.env.PLUMBLINE_TEST_SUMMARY;
    if (file === undefined) return;
    const summary: Summary = { passed: 0, failed: 0, skipped: [], broken: unhandled.map((error) => error.message) };
    for (const module of modules) {
      summary.broken.push(...module.errors().map((error) => `${module.relativeModuleId}: ${error.message}`));
      for (const test of module.children.allTests()) {
        const result = test.result();
        if (result.state === 'passed') summary.passed += 1;
        else if (result.state === 'skipped')
          summary.skipped.push({ name: `${module.relativeModuleId} > ${test.fullName}`, reason: result.note ?? '' });
        else summary.failed += 1;
      }
    }
    summary.failed += summary.broken.length;
    writeFileSync(file, JSON.stringify(summary));
  }
}
