export type NodeKind = 'SNAPSHOT' | 'RUN' | 'CHECKPOINT' | 'MODEL_VERSION' | 'RESPONSE';

/**
 * An edge points from what was used to what came of it.
 * TRAINED_ON: snapshot -> run. INITIALISED_FROM: model -> run or model. SCORED_BY: reward model -> run.
 * GENERATED_BY: model -> response, and run -> checkpoint or model that it made. SELECTED_BY: snapshot of the evaluation or run -> promoted model.
 */
export type EdgeKind = 'TRAINED_ON' | 'INITIALISED_FROM' | 'SCORED_BY' | 'GENERATED_BY' | 'SELECTED_BY';

interface LineageNode {
  readonly kind: NodeKind;
  readonly id: string;
}

export interface Edge {
  readonly from: LineageNode;
  readonly to: LineageNode;
  readonly kind: EdgeKind;
}
