/** What is needed of a DOM node: a test can build it without a browser. */
export interface TextTree {
  readonly nodeType: number;
  readonly nodeValue: string | null;
  readonly childNodes: ArrayLike<TextTree>;
}

const textNode = 3;

/**
 * Code units before a boundary of a DOM range, over all text inside `root`. A boundary stands inside a text node, at a character, or inside
 * an element, before its child number `offset`. Null where the node lies outside of `root`.
 */
export function unitsBefore(root: TextTree, node: TextTree, offset: number): number | null {
  let units = 0;
  const walk = (current: TextTree): boolean => {
    if (current === node) {
      if (current.nodeType === textNode) units += offset;
      else for (let index = 0; index < offset; index += 1) units += lengthOf(current.childNodes[index]);
      return true;
    }
    if (current.nodeType === textNode) {
      units += current.nodeValue?.length ?? 0;
      return false;
    }
    for (let index = 0; index < current.childNodes.length; index += 1) {
      const child = current.childNodes[index];
      if (child !== undefined && walk(child)) return true;
    }
    return false;
  };
  return walk(root) ? units : null;
}

function lengthOf(node: TextTree | undefined): number {
  if (node === undefined) return 0;
  if (node.nodeType === textNode) return node.nodeValue?.length ?? 0;
  let units = 0;
  for (let index = 0; index < node.childNodes.length; index += 1) units += lengthOf(node.childNodes[index]);
  return units;
}
