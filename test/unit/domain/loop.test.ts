import { describe, expect, it } from 'vitest';
import {
  isAllowed,
  isTerminal,
  nextState,
  type RoundState,
  roundStages,
  runKindOfStage,
  stageStatuses,
  type TransitionName,
  transitionNames,
} from '#lib/domain/loop';

const states: RoundState[] = roundStages.flatMap((stage) => stageStatuses.map((status) => ({ stage, status })));
const key = ({ stage, status }: RoundState) => `${stage}/${status}`;
const from = (name: TransitionName) => states.filter((state) => isAllowed(name, state)).map(key);

describe('the moves of a round', () => {
  it('walks through the stages in their order', () => {
    const walk: [TransitionName, string][] = [
      ['sampled', 'LABELING/WAITING'],
      ['labeled', 'FREEZING/RUNNING'],
      ['frozen', 'REWARD_TRAINING/RUNNING'],
      ['rewardTrained', 'REWARD_GATE/RUNNING'],
      ['gatePassed', 'POLICY_TRAINING/RUNNING'],
      ['policyTrained', 'EVALUATION/RUNNING'],
      ['evaluated', 'EVALUATION/WAITING'],
      ['compared', 'DECISION/RUNNING'],
      ['promoted', 'DECISION/DONE'],
    ];
    let state: RoundState = { stage: 'SAMPLING', status: 'RUNNING' };
    for (const [name, reached] of walk) {
      state = nextState(name, state);
      expect(key(state)).toBe(reached);
    }
  });

  it('allows each move only from where it belongs', () => {
    expect(from('sampled')).toEqual(['SAMPLING/RUNNING']);
    expect(from('labeled')).toEqual(['LABELING/WAITING']);
    expect(from('frozen')).toEqual(['FREEZING/RUNNING']);
    expect(from('gateOverridden')).toEqual(['REWARD_GATE/WAITING']);
    expect(from('moreLabels')).toEqual(['REWARD_GATE/WAITING']);
    expect(from('stopped')).toEqual(['REWARD_GATE/WAITING']);
    expect(from('compared')).toEqual(['EVALUATION/RUNNING', 'EVALUATION/WAITING']);
    expect(from('promoted')).toEqual(['DECISION/RUNNING', 'DECISION/WAITING']);
    expect(from('resumedLabeling')).toEqual(['LABELING/PAUSED', 'LABELING/CANCELLED']);
    expect(from('failed')).toEqual(roundStages.map((stage) => `${stage}/RUNNING`));
  });

  it('leads nowhere from a round that is done', () => {
    for (const state of states.filter((each) => each.status === 'DONE')) {
      expect(transitionNames.filter((name) => isAllowed(name, state))).toEqual([]);
    }
    expect(isTerminal('DONE')).toBe(true);
    expect(isTerminal('FAILED')).toBe(false);
  });

  it('never skips a stage forwards, and never moves backwards', () => {
    for (const state of states) {
      for (const name of transitionNames.filter((each) => isAllowed(each, state))) {
        const distance = roundStages.indexOf(nextState(name, state).stage) - roundStages.indexOf(state.stage);
        expect([0, 1]).toContain(distance);
      }
    }
  });

  it('lets labeling come back only waiting, and everything else only running', () => {
    for (const stage of roundStages) {
      const back = (['resumed', 'resumedLabeling'] as const).filter((name) => isAllowed(name, { stage, status: 'PAUSED' }));
      expect(back).toEqual(stage === 'LABELING' ? ['resumedLabeling'] : ['resumed']);
    }
  });

  it('refuses everything else and says where the round stands', () => {
    expect(() => nextState('promoted', { stage: 'LABELING', status: 'WAITING' })).toThrow(
      expect.objectContaining({ code: 'CONFLICT', details: { transition: 'promoted', stage: 'LABELING', status: 'WAITING' } }),
    );
  });

  it('knows which stages are runs', () => {
    expect(Object.keys(runKindOfStage)).toEqual(['SAMPLING', 'REWARD_TRAINING', 'POLICY_TRAINING', 'EVALUATION']);
  });
});
