import { Environment, Interpreter } from '@huggingface/jinja';

type Statement = NonNullable<Parameters<Interpreter['evaluate']>[0]>;
type Value = ReturnType<Interpreter['evaluate']>;
interface Filtered extends Statement {
  readonly operand: Statement;
  readonly filter: { readonly value?: string; readonly callee?: { readonly value?: string } };
}
interface Binary extends Statement {
  readonly operator: { readonly value: string };
  readonly left: Statement;
  readonly right: Statement;
}

interface Member extends Statement {
  readonly object: Statement;
  readonly property: Statement;
  readonly computed: boolean;
}

/** A node that stands for a value which was evaluated before. */
interface Known extends Statement {
  readonly known: Value;
}

const ofNothing = new Environment();
const emptyList = ofNothing.set('list', []);
const emptyText = ofNothing.set('text', '');
const no = ofNothing.set('no', false);
const yes = ofNothing.set('yes', true);
const nothing = ofNothing.lookupVariable('unknown');

const listFilters = new Set(['selectattr', 'rejectattr', 'select', 'reject', 'map', 'list', 'unique', 'sort']);
const textFilters = new Set(['trim', 'lower', 'upper', 'capitalize', 'title', 'string', 'replace', 'indent', 'join']);

const known = (value: Value): Known => ({ type: 'Known', known: value }) as unknown as Known;
const isText = (value: Value) => value.type === 'StringValue';

/**
 * The interpreter of `@huggingface/jinja`, where it differs from Python's Jinja2 on published templates:
 * - filters of lists and of texts refuse what is undefined (and lists also none), which Jinja2 takes as empty;
 * - tuples cannot be unpacked in a loop;
 * - text + something else is written as JSON, where Python stops: a model would be shown braces and quotes;
 * - an undefined key is an error, where Jinja2 finds nothing under it; a part of what is undefined is nothing, where Jinja2 stops;
 * - `==` is JavaScript's, for which '' is 0 and an undefined variable is none.
 */
export class ChatInterpreter extends Interpreter {
  override evaluate(statement: Statement | undefined, environment: Environment): Value {
    switch (statement?.type) {
      case 'Known':
        return (statement as Known).known;
      case 'TupleLiteral':
        return super.evaluate(Object.assign(Object.create(statement), { type: 'ArrayLiteral' }), environment);
      case 'FilterExpression':
        return this.filter(statement as Filtered, environment);
      case 'MemberExpression':
        return this.member(statement as Member, environment);
      case 'BinaryExpression':
        return this.binary(statement as Binary, environment);
      default:
        return super.evaluate(statement, environment);
    }
  }

  private filter(node: Filtered, environment: Environment): Value {
    const operand = this.evaluate(node.operand, environment);
    const name = node.filter.value ?? node.filter.callee?.value ?? '';
    const isUndefined = operand.type === 'UndefinedValue';
    const value =
      listFilters.has(name) && (isUndefined || operand.type === 'NullValue')
        ? emptyList
        : isUndefined && textFilters.has(name)
          ? emptyText
          : operand;
    return super.evaluate(Object.assign(Object.create(node), { operand: known(value) }), environment);
  }

  private member(node: Member, environment: Environment): Value {
    const object = this.evaluate(node.object, environment);
    if (object.type === 'UndefinedValue') throw new Error(`${nameOfNode(node.object)} is undefined`);
    const read = Object.assign(Object.create(node), { object: known(object) });
    if (!node.computed || node.property.type === 'SliceExpression') return super.evaluate(read, environment);
    const property = this.evaluate(node.property, environment);
    return property.type === 'UndefinedValue' ? nothing : super.evaluate(Object.assign(read, { property: known(property) }), environment);
  }

  private binary(node: Binary, environment: Environment): Value {
    const operator = node.operator.value;
    if (operator !== '+' && operator !== '==' && operator !== '!=') return super.evaluate(node, environment);
    const left = this.evaluate(node.left, environment);
    const right = this.evaluate(node.right, environment);
    const isUndefined = (value: Value) => value.type === 'UndefinedValue';
    if (operator === '+') {
      if (isText(left) !== isText(right) && !isUndefined(left) && !isUndefined(right))
        throw new Error(`text and ${nameOf(isText(left) ? right : left)} cannot be joined`);
    } else if (isText(left) !== isText(right) || isUndefined(left) !== isUndefined(right)) return operator === '==' ? no : yes;
    return super.evaluate(Object.assign(Object.create(node), { left: known(left), right: known(right) }), environment);
  }
}

const names: Readonly<Record<string, string>> = {
  NullValue: 'none',
  ObjectValue: 'an object',
  ArrayValue: 'a list',
  TupleValue: 'a list',
  IntegerValue: 'a number',
  FloatValue: 'a number',
  BooleanValue: 'true or false',
};

function nameOf(value: Value): string {
  return names[value.type] ?? value.type;
}

/** What a person finds in the template. */
function nameOfNode(node: Statement): string {
  const { value, property } = node as Statement & {
    readonly value?: unknown;
    readonly property?: Statement & { readonly value?: unknown };
  };
  return JSON.stringify(value ?? property?.value ?? 'a value');
}
