import type { NativeBinding, OpAttribute } from './native-binding';

/** Where an input of a node comes from: node and output number, or a feed. */
export type NodeInput = { readonly node: number; readonly output: number } | { readonly feed: number };

export type GraphNode =
  | {
      readonly kind: 'op';
      readonly op: string;
      readonly attributes: readonly OpAttribute[];
      readonly inputs: readonly NodeInput[];
      /** A node that has to be done before, though nothing of it is read. */
      readonly after?: number;
    }
  | { readonly kind: 'constant'; readonly dtype: number; readonly shape: readonly number[]; readonly values: Float32Array | Int32Array };

interface GraphFeed {
  readonly dtype: number;
  readonly shape: readonly number[];
}

/** A recorded computation: feeds, nodes in an order in which they can run, and what is fetched. */
export interface GraphProgram {
  readonly feeds: readonly GraphFeed[];
  readonly nodes: readonly GraphNode[];
  readonly outputs: readonly NodeInput[];
}

export const feedName = (feed: number) => `feed${feed}`;
const nodeName = (node: number) => `node${node}`;

/** Name of a value as TensorFlow writes it: `node:output`. */
export function valueName(input: NodeInput): string {
  return 'feed' in input ? `${feedName(input.feed)}:0` : `${nodeName(input.node)}:${input.output}`;
}

// --- the wire format of protocol buffers (protobuf.dev/programming-guides/encoding)

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  do {
    const low = Number(rest & 127n);
    rest >>= 7n;
    bytes.push(rest > 0n ? low | 128 : low);
  } while (rest > 0n);
  return Buffer.from(bytes);
}

const number = (field: number, value: number) => Buffer.concat([varint(field * 8), varint(value)]);

function bytes(field: number, content: Buffer | string): Buffer {
  const data = typeof content === 'string' ? Buffer.from(content) : content;
  return Buffer.concat([varint(field * 8 + 2), varint(data.length), data]);
}

function float(field: number, value: number): Buffer {
  const content = Buffer.alloc(4);
  content.writeFloatLE(value);
  return Buffer.concat([varint(field * 8 + 5), content]);
}

/** tensorflow/core/framework/tensor_shape.proto */
const shapeMessage = (shape: readonly number[]) => Buffer.concat(shape.map((length) => bytes(2, number(1, length))));

/** tensorflow/core/framework/attr_value.proto */
function attributeMessage(binding: NativeBinding, { type, value }: OpAttribute): Buffer {
  switch (type) {
    case binding.TF_ATTR_TYPE:
      return number(6, value as number);
    case binding.TF_ATTR_BOOL:
      return number(5, value ? 1 : 0);
    case binding.TF_ATTR_INT:
      return number(3, value as number);
    case binding.TF_ATTR_FLOAT:
      return float(4, value as number);
    case binding.TF_ATTR_SHAPE:
      return bytes(7, shapeMessage(value as readonly number[]));
    default:
      return bytes(2, value as string);
  }
}

const attribute = (name: string, value: Buffer) => bytes(5, Buffer.concat([bytes(1, name), bytes(2, value)]));
const shapeValue = (shape: readonly number[]) => bytes(7, shapeMessage(shape));

/** tensorflow/core/framework/node_def.proto */
function nodeMessage(binding: NativeBinding, node: GraphNode, index: number): Buffer {
  const name = bytes(1, nodeName(index));
  if (node.kind === 'constant') {
    const content = Buffer.from(node.values.buffer, node.values.byteOffset, node.values.byteLength);
    const tensor = Buffer.concat([number(1, node.dtype), bytes(2, shapeMessage(node.shape)), bytes(4, content)]);
    return Buffer.concat([name, bytes(2, 'Const'), attribute('dtype', number(6, node.dtype)), attribute('value', bytes(8, tensor))]);
  }
  return Buffer.concat([
    name,
    bytes(2, node.op),
    ...node.inputs.map((input) => bytes(3, valueName(input).replace(/:0$/, ''))),
    ...(node.after === undefined ? [] : [bytes(3, `^${nodeName(node.after)}`)]),
    ...node.attributes.map((one) => attribute(one.name, attributeMessage(binding, one))),
  ]);
}

function feedMessage({ dtype, shape }: GraphFeed, index: number): Buffer {
  const attributes = [attribute('dtype', number(6, dtype)), attribute('shape', shapeValue(shape))];
  return Buffer.concat([bytes(1, feedName(index)), bytes(2, 'Placeholder'), ...attributes]);
}

/** GraphDef versions: written by producers from 1882 on, readable by consumers from 12 on. */
const graphVersions = Buffer.concat([number(1, 1882), number(2, 12)]);

/**
 * The program as the one file of a SavedModel without variables and signatures (tensorflow/core/protobuf/saved_model.proto): what the C API
 * can load as a graph.
 */
export function savedModelFile(binding: NativeBinding, program: GraphProgram): Buffer {
  const graph = Buffer.concat([
    ...program.feeds.map((feed, index) => bytes(1, feedMessage(feed, index))),
    ...program.nodes.map((node, index) => bytes(1, nodeMessage(binding, node, index))),
    bytes(4, graphVersions),
  ]);
  const metaGraph = Buffer.concat([bytes(1, bytes(4, 'serve')), bytes(2, graph)]);
  return Buffer.concat([number(1, 1), bytes(2, metaGraph)]);
}
