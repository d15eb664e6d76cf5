import { AppError } from '#lib/errors';
import type { GraphNode, GraphProgram, NodeInput } from './graph-program';
import type { OpAttribute } from './native-binding';
import type { NativeTensor } from './native-runtime';

/** Value of a recorded operation: it has a shape, and no bytes before the graph has run. */
export const recordedId = -2;

/**
 * Writes operations down instead of running them. Tensors that exist already become feeds; small constants become part of the graph.
 * The signature is equal for two recordings that compute the same from feeds of the same shapes.
 */
export class GraphRecorder {
  private readonly nodes: GraphNode[] = [];
  private readonly feeds: NativeTensor[] = [];
  private readonly places = new Map<NativeTensor, NodeInput>();
  private readonly constants = new Map<string, NodeInput>();
  private readonly lines: string[] = [];
  /** The node that everything written down now has to wait for, and the nodes that already do. */
  private waiting: { readonly for: number; readonly nodes: Set<number> } | undefined;
  /** Freed by their scopes while they were still needed as feeds. */
  readonly freedFeeds: NativeTensor[] = [];

  /** @param dtypeOf TensorFlow's number of a tensor's element type */
  constructor(private readonly dtypeOf: (tensor: NativeTensor) => number) {}

  /** Declares a tensor as the next feed. */
  feed(tensor: NativeTensor): NodeInput {
    const place = { feed: this.feeds.length };
    this.feeds.push(tensor);
    this.places.set(tensor, place);
    this.lines.push(`feed ${this.dtypeOf(tensor)} ${tensor.shape.join(',')}`);
    return place;
  }

  isFeed(tensor: NativeTensor): boolean {
    return this.places.has(tensor) && tensor.id !== recordedId;
  }

  private place(tensor: NativeTensor): NodeInput {
    const known = this.places.get(tensor);
    if (known) return known;
    if (tensor.constant) return this.constant(tensor);
    if (tensor.id === recordedId) {
      throw new AppError('INTERNAL', `A tensor of shape [${tensor.shape.join(', ')}] belongs to another recording.`);
    }
    return this.feed(tensor);
  }

  private constant(tensor: NativeTensor): NodeInput {
    const { key, values } = tensor.constant as NonNullable<NativeTensor['constant']>;
    const found = this.constants.get(key);
    if (found) return found;
    const place = { node: this.nodes.length, output: 0 };
    this.nodes.push({ kind: 'constant', dtype: this.dtypeOf(tensor), shape: tensor.shape, values });
    this.lines.push(`constant ${key}`);
    this.constants.set(key, place);
    return place;
  }

  /** `output` is the handle that will stand for the result. */
  record(op: string, attributes: readonly OpAttribute[], inputs: readonly NativeTensor[], output: NativeTensor): void {
    const places = inputs.map((input) => this.place(input));
    const node = this.nodes.length;
    this.places.set(output, { node, output: 0 });
    const after = this.controlOf(node, places);
    this.nodes.push({ kind: 'op', op, attributes, inputs: places, ...(after === undefined ? {} : { after }) });
    const from = places.map((place) => ('feed' in place ? `f${place.feed}` : `n${place.node}`)).join(' ');
    const control = after === undefined ? '' : ` ^n${after}`;
    this.lines.push(`${op} ${attributes.map(({ name, value }) => `${name}=${value}`).join(' ')} ${from}${control}`);
  }

  /** What `work` writes down is computed after `tensor`. */
  after<T>(tensor: NativeTensor, work: () => T): T {
    const place = this.place(tensor);
    if ('feed' in place) return work();
    const before = this.waiting;
    this.waiting = { for: place.node, nodes: new Set() };
    try {
      return work();
    } finally {
      this.waiting = before;
    }
  }

  /** Nodes whose inputs wait already need not be told. */
  private controlOf(node: number, places: readonly NodeInput[]): number | undefined {
    if (!this.waiting) return undefined;
    const { nodes } = this.waiting;
    nodes.add(node);
    return places.some((place) => 'node' in place && nodes.has(place.node)) ? undefined : this.waiting.for;
  }

  /** The graph that computes `outputs`, all of them recorded here. */
  finish(outputs: readonly NativeTensor[]): { program: GraphProgram; signature: string; feeds: readonly NativeTensor[] } {
    const fetched = outputs.map((output) => {
      const place = this.places.get(output);
      if (!place || 'feed' in place) throw new AppError('INTERNAL', 'A recorded graph can only return what it has computed.');
      return place;
    });
    const fetches = fetched.map(({ node }) => node).join(',');
    return {
      program: { feeds: this.feeds.map((feed) => ({ dtype: this.dtypeOf(feed), shape: feed.shape })), nodes: this.nodes, outputs: fetched },
      signature: `${this.lines.join('\n')}\n${fetches}`,
      feeds: this.feeds,
    };
  }
}
