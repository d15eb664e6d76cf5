export const nodeKinds = ['SNAPSHOT', 'RUN', 'CHECKPOINT', 'MODEL_VERSION', 'RESPONSE'] as const;
export type NodeKind = (typeof nodeKinds)[number];

/**
 * An edge points from what was used to what came of it.
 * TRAINED_ON: snapshot -> run. INITIALISED_FROM: model -> run or model. SCORED_BY: reward model -> run.
 * GENERATED_BY: model -> response, and run -> checkpoint or model that it made. SELECTED_BY: snapshot of the evaluation or run -> promoted model.
 */
export const edgeKinds = ['TRAINED_ON', 'INITIALISED_FROM', 'SCORED_BY', 'GENERATED_BY', 'SELECTED_BY'] as const;
export type EdgeKind = (typeof edgeKinds)[number];

export interface LineageNode {
  readonly kind: NodeKind;
  readonly id: string;
}

export interface Edge {
  readonly from: LineageNode;
  readonly to: LineageNode;
  readonly kind: EdgeKind;
}
