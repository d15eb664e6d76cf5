import type { Deps } from '../deps';
import { type Claim, fencedWrite } from './fenced-write';
import type { SampleRow } from './sample-row';

export interface StepWrite {
  readonly step: number;
  readonly totalSteps: number | null;
  readonly phase: string | null;
  readonly metrics?: Readonly<Record<string, number>>;
  readonly samples?: readonly SampleRow[];
}

/** One step of a run: progress, its metric row and its samples. Fenced. Numbers that are not finite are left out of the row. */
export async function writeStep(deps: Pick<Deps, 'db' | 'clock'>, claim: Claim, write: StepWrite): Promise<void> {
  const at = deps.clock.now();
  await fencedWrite(deps.db, claim, async (tx) => {
    await tx.run.update({
      where: { id: claim.runId },
      data: { step: write.step, totalSteps: write.totalSteps, phase: write.phase, heartbeatAt: at },
    });
    if (write.metrics) {
      const values = Object.fromEntries(Object.entries(write.metrics).filter(([, value]) => Number.isFinite(value)));
      await tx.runMetric.upsert({
        where: { runId_step: { runId: claim.runId, step: write.step } },
        create: { runId: claim.runId, step: write.step, epoch: claim.epoch, values, at },
        update: { epoch: claim.epoch, values, at },
      });
    }
    if (write.samples && write.samples.length > 0) {
      await tx.runSample.deleteMany({ where: { runId: claim.runId, step: write.step } });
      await tx.runSample.createMany({
        data: write.samples.map((sample) => ({
          runId: claim.runId,
          step: write.step,
          epoch: claim.epoch,
          promptId: sample.promptId,
          sampleIndex: sample.sampleIndex,
          text: sample.text,
          scores: sample.scores,
        })),
      });
    }
  });
}
