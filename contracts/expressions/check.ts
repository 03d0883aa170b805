import type { ASTNode } from '@marcbachmann/cel-js';
import type { Expression, Template } from '../definition';
import { nearestWord, suggestion } from '../nearest-word';
import { describeTypes } from './evaluate';
import { ExpressionError } from './expression-error';
import { childrenOf, LOOPS, parseExpression } from './language';
import { quoteCommand } from './prepare-command';
import { parseTemplate } from './template';
import { ANY, BOOLEAN, TEXT } from './value-type';
import type { ObjectType, ValueType } from './value-type';

/** A mistake in an expression or template; `offset` counts the characters of the text before it. */
export interface TextProblem {
  readonly message: string;
  readonly hint?: string;
  readonly offset: number;
}

/** What names an expression may use where it stands. */
export type ExpressionEnvironment = ObjectType;

/** Everything that can be told to be wrong with an expression before it runs. */
export function checkExpression(
  expression: Expression,
  environment: ExpressionEnvironment,
  wanted?: 'condition',
): TextProblem[] {
  if (/^\s*\{\{/.test(expression)) {
    return [{ message: 'an expression stands here, without {{ }}', hint: 'Leave out the braces.', offset: 0 }];
  }
  return attempt(() => {
    const parsed = parseExpression(expression);
    const walk = new ReferenceWalk(environment, objectsAskedFor(parsed.ast));
    const type = walk.typeOf(parsed.ast, new Map());
    if (walk.problems.length > 0) return walk.problems;
    const checked = parsed.check();
    if (checked.error !== undefined) {
      const { summary, message, range } = checked.error;
      return [{ message: describeTypes(summary ?? message), offset: range?.start ?? 0 }];
    }
    const condition = (type.kind === 'any' || type === BOOLEAN) && ['bool', 'dyn'].includes(checked.type ?? 'dyn');
    return wanted === 'condition' && !condition ? [{ message: 'must be true or false', offset: 0 }] : [];
  });
}

/** Everything that can be told to be wrong with a template. */
export function checkTemplate(template: Template, environment: ExpressionEnvironment): TextProblem[] {
  return attempt(() => {
    return parseTemplate(template).flatMap((part) => {
      if (part.kind === 'text') return [];
      const problems = checkExpression(part.expression, environment);
      return problems.map((problem) => ({ ...problem, offset: problem.offset + part.offset }));
    });
  });
}

/** As {@link checkTemplate}, for a shell command: a hole must also stand where a value can. */
export function checkCommand(command: Template, environment: ExpressionEnvironment): TextProblem[] {
  const problems = checkTemplate(command, environment);
  if (problems.length > 0) return problems;
  return attempt(() => {
    quoteCommand(command);
    return [];
  });
}

function attempt(check: () => TextProblem[]): TextProblem[] {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    const { problem, offset, hint } = error;
    return [{ message: problem, offset, ...(hint === undefined ? {} : { hint }) }];
  }
}

/** Follows every path of an expression through what is known of its values. */
class ReferenceWalk {
  readonly problems: TextProblem[] = [];

  /** @param asked Objects, as written, that the expression asks about with has(). */
  constructor(
    private readonly environment: ObjectType,
    private readonly asked: ReadonlySet<string>,
  ) {}

  typeOf(node: ASTNode, items: ReadonlyMap<string, ValueType>): ValueType {
    switch (node.op) {
      case 'id':
        return items.get(node.args) ?? this.fieldOf(this.environment, node.args, node, '');
      case '.':
        return this.fieldOf(this.typeOf(node.args[0], items), node.args[1], node, textOf(node.args[0]));
      case '[]':
        return this.itemOf(node.args[0], node.args[1], items, node);
      case 'rcall':
        return this.typeOfMethod(node.args[0], node.args[1], node.args[2], items);
      case '==':
      case '!=':
        this.checkWord(node.args[0], node.args[1], items);
        this.checkWord(node.args[1], node.args[0], items);
        break;
      case '-':
        return this.typeOfDifference(node.args, items);
      case '?:':
        return this.typeOfChoice(node.args, items);
      default:
    }
    for (const child of childrenOf(node)) this.typeOf(child, items);
    return typeOfResult(node);
  }

  /** `stages.code-review` is a mistake in the first part; the second only follows from it. */
  private typeOfDifference(
    [left, right]: readonly [ASTNode, ASTNode],
    items: ReadonlyMap<string, ValueType>,
  ): ValueType {
    const before = this.problems.length;
    this.typeOf(left, items);
    if (this.problems.length === before) this.typeOf(right, items);
    return ANY;
  }

  private typeOfChoice(parts: readonly [ASTNode, ASTNode, ASTNode], items: ReadonlyMap<string, ValueType>): ValueType {
    const [, yes, no] = parts.map((part) => this.typeOf(part, items));
    return yes === no && yes !== undefined ? yes : ANY;
  }

  private itemOf(list: ASTNode, index: ASTNode, items: ReadonlyMap<string, ValueType>, node: ASTNode): ValueType {
    const holder = this.typeOf(list, items);
    if (index.op === 'value' && typeof index.args === 'string') {
      return this.fieldOf(holder, index.args, { ...node, pos: index.pos }, textOf(list));
    }
    this.typeOf(index, items);
    if (holder.kind === 'list') return holder.item;
    if (holder.kind === 'scalar' || holder.kind === 'words') this.notAnObject(list, holder, node.pos);
    return ANY;
  }

  private typeOfMethod(
    name: string,
    receiver: ASTNode,
    args: readonly ASTNode[],
    items: ReadonlyMap<string, ValueType>,
  ): ValueType {
    const type = this.typeOf(receiver, items);
    const [item, ...rest] = args;
    if (!LOOPS.includes(name) || item?.op !== 'id') {
      for (const argument of args) this.typeOf(argument, items);
      return ANY;
    }
    const inside = new Map(items).set(item.args, type.kind === 'list' ? type.item : ANY);
    const last = rest.map((argument) => this.typeOf(argument, inside)).at(-1) ?? ANY;
    if (name === 'filter') return type;
    return name === 'map' ? { kind: 'list', item: last } : BOOLEAN;
  }

  private fieldOf(holder: ValueType, key: string, node: { readonly pos: number }, path: string): ValueType {
    if (holder.kind === 'any') return ANY;
    if (holder.kind !== 'object') {
      this.notAnObject(path, holder, node.pos);
      return ANY;
    }
    if (Object.hasOwn(holder.fields, key)) {
      if (holder.emptyUntil !== undefined && !this.asked.has(path))
        this.unasked(`${path}.${key}`, holder.emptyUntil, node.pos);
      return holder.fields[key] ?? ANY;
    }
    const withheld =
      holder.withheld !== undefined && Object.hasOwn(holder.withheld, key) ? holder.withheld[key] : undefined;
    this.problems.push({ ...(withheld ?? unknownField(holder, key, path)), offset: node.pos });
    return ANY;
  }

  private unasked(path: string, until: string, offset: number): void {
    const hint = `Write has(${path}) ? ${path} : "".`;
    this.problems.push({ message: `${path} is missing until ${until}`, hint, offset });
  }

  private notAnObject(what: ASTNode | string, type: ValueType, offset: number): void {
    const path = typeof what === 'string' ? what : textOf(what);
    const is = type.kind === 'list' ? 'a list' : type.kind === 'scalar' ? type.name : 'text';
    this.problems.push({ message: `${path} is ${is} and has no fields`, offset });
  }

  private checkWord(side: ASTNode, other: ASTNode, items: ReadonlyMap<string, ValueType>): void {
    if (other.op !== 'value' || typeof other.args !== 'string' || (side.op !== '.' && side.op !== '[]')) return;
    const type = new ReferenceWalk(this.environment, this.asked).typeOf(side, items);
    if (type.kind !== 'words' || type.words.includes(other.args)) return;
    const word = nearestWord(other.args, type.words);
    const message = `${textOf(side)} is never "${other.args}" but one of ${type.words.join(', ')}`;
    const hint = word === undefined ? {} : { hint: `Did you mean "${word}"?` };
    this.problems.push({ message, ...hint, offset: other.start });
  }
}

function objectsAskedFor(node: ASTNode): Set<string> {
  const inside = childrenOf(node).flatMap((child) => [...objectsAskedFor(child)]);
  const [asked] = node.op === 'call' && node.args[0] === 'has' ? node.args[1] : [];
  return new Set(asked?.op === '.' ? [...inside, textOf(asked.args[0])] : inside);
}

function typeOfResult(node: ASTNode): ValueType {
  if (['==', '!=', '<', '<=', '>', '>=', 'in', '&&', '||', '!_'].includes(node.op)) return BOOLEAN;
  if (node.op === 'value') return typeof node.args === 'string' ? TEXT : typeof node.args === 'boolean' ? BOOLEAN : ANY;
  return ANY;
}

function unknownField(holder: ObjectType, key: string, path: string): { message: string; hint?: string } {
  const message = `there is no ${holder.noun} "${key}"`;
  const known = Object.keys(holder.fields);
  // `stages.code-review` reads as `stages.code` minus `review`.
  const dashed = known.find((name) => name.startsWith(`${key}-`));
  const hint = dashed === undefined ? suggestion(key, known) : `Write ${path}["${dashed}"].`;
  return hint === undefined ? { message } : { message, hint };
}

function textOf(node: ASTNode): string {
  return node.input.slice(node.start, node.end);
}
