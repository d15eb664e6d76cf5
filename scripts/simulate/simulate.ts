import type { LoopConfigInput } from '#lib/domain/loop-config';
import type { AnnotatorConfig } from '#lib/domain/simulation/annotator';
import { type Gold, warmStoryGold } from '#lib/domain/simulation/gold';
import { pairedDifference } from '#lib/domain/statistics/difference';
import type { Estimate } from '#lib/domain/statistics/estimate';
import { mean } from '#lib/domain/statistics/summary';
import { createEngine } from '#lib/ml/engine/create-engine';
import type { Engine } from '#lib/ml/engine/engine';
import type { Deps } from '#lib/services/deps';
import type { Figure, LoopView } from '#lib/services/loops/loop-view';
import { engineOptions } from '../../workers/engine-settings';
import { importFolder } from '../../workers/processors/import-folder';
import { loadModel } from '../../workers/processors/load-model';
import { type MeasuredPolicy, measureGold } from './measure-gold';
import { simulateRounds } from './simulate-rounds';
import { promptsJsonl } from './story-prompts';

export interface SimulationOptions {
  /** Hugging Face folder of the SFT policy. */
  readonly modelFolder: string;
  readonly prompts: readonly string[];
  /** Never imported: no model, annotator or decision sees them before the end. */
  readonly heldOut: readonly string[];
  readonly seeds: readonly number[];
  readonly rounds: number;
  readonly annotators: number;
  readonly annotator: AnnotatorConfig;
  readonly config: LoopConfigInput;
  /** Answers to each held-out prompt. */
  readonly samplesPerPrompt: number;
  readonly log: (line: string) => void;
}

export interface SimulatedRound {
  readonly seed: number;
  readonly round: number;
  readonly outcome: string;
  readonly rewardAccuracy: Interval | null;
  readonly winRate: Interval | null;
  /** Of the policy that the round trained, on the held-out prompts. */
  readonly gold: number;
  readonly kl: number;
  readonly words: number;
  readonly distinct1: number;
  readonly distinct2: number;
  readonly repeated2: number;
  readonly ended: number;
  /** Against the policy that the round began with, paired by prompt. */
  readonly change: Interval;
}

interface Interval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

export interface SimulationReport {
  readonly gold: { readonly sft: number; readonly promoted: number; readonly difference: Interval };
  readonly rounds: readonly SimulatedRound[];
  readonly seeds: readonly { readonly seed: number; readonly sft: number; readonly promoted: number; readonly difference: Interval }[];
  readonly policies: readonly { readonly seed: number; readonly name: string; readonly policy: Omit<MeasuredPolicy, 'goldByPrompt'> }[];
  readonly heldOutPrompts: number;
  readonly goldDescription: string;
}

interface Measured {
  readonly seed: number;
  readonly sft: MeasuredPolicy;
  readonly promoted: MeasuredPolicy;
  readonly rounds: readonly SimulatedRound[];
  readonly named: readonly { readonly name: string; readonly policy: MeasuredPolicy }[];
}

/**
 * The whole circle without people, once a seed: rounds through services and worker, then the hidden gold of SFT policy and promoted policy
 * on prompts that were never imported. The difference is paired by prompt, each prompt's value being its mean over the seeds.
 */
export async function simulate(deps: Deps, options: SimulationOptions): Promise<SimulationReport> {
  const { config: settings } = deps;
  const gold = warmStoryGold;
  let engine: Engine | null = null;
  const measured: Measured[] = [];
  for (const seed of options.seeds) {
    const { loop } = await simulateRounds(deps, {
      seed,
      gold,
      rounds: options.rounds,
      prompts: promptsJsonl(options.prompts),
      config: options.config,
      annotator: options.annotator,
      annotators: options.annotators,
      importPolicy: async (projectId) => {
        const actor = { kind: 'system', name: 'command-line' } as const;
        return (await importFolder(deps, actor, { projectId, name: 'SFT', folder: options.modelFolder })).modelId;
      },
      log: options.log,
    });
    options.log(`seed ${seed}: measuring on ${options.heldOut.length} held-out prompts`);
    engine ??= await createEngine(engineOptions(settings.engine, options.log));
    measured.push(await measureLoop(deps, engine, loop, { ...options, seed, gold }));
  }
  return report(measured, options, gold);
}

async function measureLoop(
  deps: Deps,
  engine: Engine,
  loop: LoopView,
  options: SimulationOptions & { seed: number; gold: Gold },
): Promise<Measured> {
  const reference = await loadModel(deps, loop.reference.id);
  const known = new Map<string, MeasuredPolicy>();
  const named: { name: string; policy: MeasuredPolicy }[] = [];
  const sampling = { temperature: 1, maxNewTokens: 56, ...options.config.sampling };
  const measure = async (model: { id: string; name: string }) => {
    const before = known.get(model.id);
    if (before) return before;
    const policy = await measureGold({
      engine,
      policy: (await loadModel(deps, model.id)).files,
      reference: reference.files,
      prompts: options.heldOut,
      samplesPerPrompt: options.samplesPerPrompt,
      maxNewTokens: sampling.maxNewTokens,
      temperature: sampling.temperature,
      seed: 1_000 + options.seed,
      gold: options.gold,
    });
    known.set(model.id, policy);
    named.push({ name: model.name, policy });
    return policy;
  };
  const sft = await measure(loop.reference);
  let promoted = sft;
  const rounds: SimulatedRound[] = [];
  for (const round of loop.rounds) {
    if (!round.candidate) continue;
    const candidate = await measure(round.candidate);
    const began = await measure(round.initPolicy);
    if (round.outcome === 'PROMOTED') promoted = candidate;
    const figures = round.cells.map(({ figure }) => figure);
    rounds.push({
      seed: options.seed,
      round: round.ordinal,
      outcome: round.outcome ?? 'NONE',
      rewardAccuracy: shown(figures.find((figure) => figure?.kind === 'accuracy')),
      winRate: shown(figures.find((figure) => figure?.kind === 'win-rate')),
      gold: candidate.gold,
      kl: candidate.kl,
      words: candidate.words,
      distinct1: candidate.distinct1,
      distinct2: candidate.distinct2,
      repeated2: candidate.repeated2,
      ended: candidate.ended,
      change: interval(pairedDifference(candidate.goldByPrompt, began.goldByPrompt)),
    });
  }
  return { seed: options.seed, sft, promoted, rounds, named };
}

function shown(figure: Figure | null | undefined): Interval | null {
  return figure && 'estimate' in figure && figure.estimate.defined ? interval(figure.estimate) : null;
}

function interval(estimate: Estimate): Interval {
  if (!estimate.defined) return { mean: Number.NaN, low: Number.NaN, high: Number.NaN };
  return { mean: estimate.value, low: estimate.low, high: estimate.high };
}

function report(measured: readonly Measured[], options: SimulationOptions, gold: Gold): SimulationReport {
  const overSeeds = (of: (each: Measured) => MeasuredPolicy) =>
    options.heldOut.map((_, prompt) => mean(measured.map((each) => of(each).goldByPrompt[prompt] ?? Number.NaN)));
  const sft = overSeeds((each) => each.sft);
  const promoted = overSeeds((each) => each.promoted);
  return {
    gold: { sft: mean(sft), promoted: mean(promoted), difference: interval(pairedDifference(promoted, sft)) },
    rounds: measured.flatMap((each) => each.rounds),
    seeds: measured.map(({ seed, sft: before, promoted: after }) => ({
      seed,
      sft: before.gold,
      promoted: after.gold,
      difference: interval(pairedDifference(after.goldByPrompt, before.goldByPrompt)),
    })),
    policies: measured.flatMap(({ seed, named }) =>
      named.map(({ name, policy: { goldByPrompt: _, ...policy } }) => ({ seed, name, policy })),
    ),
    heldOutPrompts: options.heldOut.length,
    goldDescription: gold.describe(),
  };
}
