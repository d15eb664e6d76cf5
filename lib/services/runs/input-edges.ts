import type { Edge, EdgeKind, NodeKind } from '#lib/domain/lineage';
import type { RunSpec } from '#lib/domain/runs';

/** What a run uses, as edges that end at the run. */
export function inputEdges(runId: string, spec: RunSpec): Edge[] {
  const into = (kind: NodeKind, id: string, edge: EdgeKind): Edge => ({ from: { kind, id }, to: { kind: 'RUN', id: runId }, kind: edge });
  switch (spec.kind) {
    case 'GENERATION':
      return spec.inputs.generators.map((generator) => into('MODEL_VERSION', generator.modelId, 'GENERATED_BY'));
    case 'REWARD_TRAINING':
      return [
        into('MODEL_VERSION', spec.inputs.initModelId, 'INITIALISED_FROM'),
        ...spec.inputs.snapshotIds.map((id) => into('SNAPSHOT', id, 'TRAINED_ON')),
      ];
    case 'POLICY_TRAINING':
      return [
        into('MODEL_VERSION', spec.inputs.initPolicyId, 'INITIALISED_FROM'),
        into('MODEL_VERSION', spec.inputs.rewardModelId, 'SCORED_BY'),
      ];
    case 'EVALUATION': {
      const { candidateId, referenceId, previousId, rewardModelId } = spec.inputs;
      return [
        ...[...new Set([candidateId, referenceId, previousId])].map((id) => into('MODEL_VERSION', id, 'GENERATED_BY')),
        into('MODEL_VERSION', rewardModelId, 'SCORED_BY'),
      ];
    }
    case 'SCORING':
      return [...new Set(spec.inputs.rewardModelIds)].map((id) => into('MODEL_VERSION', id, 'SCORED_BY'));
  }
}
