import type { LoopConfigInput } from '#lib/domain/loop-config';
import { createRandom } from '#lib/domain/random';
import type { AnnotatorConfig } from '#lib/domain/simulation/annotator';
import type { Gold } from '#lib/domain/simulation/gold';
import { AppError } from '#lib/errors';
import { importPrompts } from '#lib/services/data/import-prompts';
import type { Deps } from '#lib/services/deps';
import { createLoop } from '#lib/services/loops/create-loop';
import { getLoop } from '#lib/services/loops/get-loop';
import type { LoopView, StageCell } from '#lib/services/loops/loop-view';
import { startLoop } from '#lib/services/loops/start-loop';
import { createProject } from '#lib/services/projects/create-project';
import { annotateUntil, makeAnnotators } from './simulated-annotators';

const actor = { kind: 'system', name: 'command-line' } as const;

export interface SimulatedLoop {
  readonly seed: number;
  readonly rounds: number;
  readonly prompts: Uint8Array<ArrayBuffer>;
  readonly config: LoopConfigInput;
  readonly gold: Gold;
  readonly annotator: AnnotatorConfig;
  readonly annotators: number;
  /** Imports the policy into the project that was made for this seed. */
  importPolicy(projectId: string): Promise<string>;
  /** One line a change of stage, for people. */
  log(line: string): void;
}

/**
 * Whole rounds without people, through the services that people use and a real worker: one project and one loop a seed. Gate and
 * decision follow the loop's rules; where a rule stops, the simulation stops with it and says so.
 */
export async function simulateRounds(deps: Deps, simulated: SimulatedLoop): Promise<{ projectId: string; loop: LoopView }> {
  const { seed, gold, annotator: config, log } = simulated;
  const { projectId } = await createProject(deps, actor, { name: `Simulation, seed ${seed}`, description: gold.describe() });
  const referenceId = await simulated.importPolicy(projectId);
  const { datasetId } = await importPrompts(deps, actor, {
    projectId,
    name: 'prompts',
    bytes: simulated.prompts,
    fractions: { train: 0.7, validation: 0.15, test: 0.15 },
  });
  const random = createRandom(seed, 'simulated-annotators');
  const annotators = await makeAnnotators(deps, projectId, simulated.annotators, random);
  const { loopId } = await createLoop(deps, actor, {
    projectId,
    name: 'Simulation',
    referenceId,
    datasetId,
    config: { ...simulated.config, seed, maxRounds: simulated.rounds },
  });
  await startLoop(deps, actor, { loopId });

  let shown = '';
  let loop = await getLoop(deps, actor, { loopId });
  await annotateUntil(deps, { projectId, gold, config, annotators }, async () => {
    loop = await getLoop(deps, actor, { loopId });
    const line = progressLine(loop);
    if (line !== shown) log(`seed ${seed}: ${line}`);
    shown = line;
    return isOver(loop);
  });
  if (loop.status !== 'DONE') throw stopped(loop);
  return { projectId, loop };
}

/** Over, or waiting for somebody who is not simulated. */
function isOver(loop: LoopView): boolean {
  if (loop.status === 'DONE' || loop.status === 'FAILED' || loop.status === 'CANCELLED') return true;
  return loop.waiting !== null && loop.waiting.for === 'RESEARCHER';
}

function stopped(loop: LoopView): AppError {
  const { waiting } = loop;
  const where = waiting
    ? `round ${waiting.ordinal} waits at ${waiting.stage.toLowerCase().replaceAll('_', ' ')} (${waiting.kind})`
    : loop.status;
  return new AppError('PRECONDITION', `The simulation stopped: ${where}. ${waiting?.reason ?? loop.reason ?? ''}`.trim(), {
    remedy: 'Ask for more rankings a round (--prompts-per-round), or decide it yourself: plumbline loop gate.',
  });
}

function progressLine(loop: LoopView): string {
  const round = loop.rounds.at(-1);
  if (!round) return 'starting';
  const cell = round.cells.find(({ stage }) => stage === round.stage);
  return `round ${round.ordinal}, ${round.stage.toLowerCase().replaceAll('_', ' ')}${cell ? figureText(cell) : ''}`;
}

function figureText({ figure }: StageCell): string {
  if (figure?.kind !== 'progress' || figure.totalSteps === null) return '';
  // Every tenth of the way, so that a log stays readable.
  return `, ${Math.floor((10 * figure.step) / figure.totalSteps) * 10} %`;
}
