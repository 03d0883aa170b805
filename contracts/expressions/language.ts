import { Environment } from '@marcbachmann/cel-js';
import type { ASTNode, ParseResult } from '@marcbachmann/cel-js';
import { suggestion } from '../nearest-word';
import { ExpressionError } from './expression-error';

// L1. The language is a part of CEL that always ends, soon, with the same value: no clock, no time zones, no regular
//     expressions (JavaScript's can take exponential time), no loops within loops within loops.
// L2. Numbers are JSON's. CEL tells whole numbers from others, JSON does not: `inputs.count + 1` would be an error
//     there, and `inputs.price / 2` would depend on whether the price happens to be whole. Here 7 / 2 is 3.5.

const FUNCTIONS = ['size', 'string', 'int', 'double', 'bool', 'dyn', 'has'] as const;
const METHODS = [
  'size',
  'startsWith',
  'endsWith',
  'contains',
  'lowerAscii',
  'upperAscii',
  'trim',
  'split',
  'join',
  'indexOf',
  'lastIndexOf',
  'substring',
  'all',
  'exists',
  'exists_one',
  'map',
  'filter',
] as const;

/** Methods whose first argument names the item that the second one sees. */
export const LOOPS: readonly string[] = ['all', 'exists', 'exists_one', 'map', 'filter'];
const LOOP_DEPTH = 2;

/** What an expression can see at all; which of them has a value depends on where it stands. */
export const ROOTS = ['inputs', 'run', 'stages', 'matrix', 'output', 'failure'] as const;

const environment = createEnvironment();

/** Read an expression. Fails: ExpressionError, with the place. */
export function parseExpression(expression: string): ParseResult {
  const parsed = parse(expression);
  checkCalls(parsed.ast, expression, 0);
  return parsed;
}

/** The parts an expression is made of: its operands, arguments and items. */
export function childrenOf(node: ASTNode): ASTNode[] {
  return nodesIn(node.args);
}

function createEnvironment(): Environment {
  const limits = { maxAstNodes: 2_000, maxDepth: 60, maxListElements: 500, maxMapEntries: 500, maxCallArguments: 8 };
  const cel = new Environment({ homogeneousAggregateLiterals: false, limits });
  for (const root of ROOTS) cel.registerVariable(root, 'dyn');
  const arithmetic: Record<string, (a: number, b: number) => number> = {
    '+': (a, b) => a + b,
    '-': (a, b) => a - b,
    '*': (a, b) => a * b,
    '/': (a, b) => a / b,
    '%': (a, b) => a % b,
  };
  for (const [operator, apply] of Object.entries(arithmetic)) {
    const onNumbers = (a: number | bigint, b: number | bigint) => apply(Number(a), Number(b));
    cel.registerOperator(`int ${operator} double: double`, onNumbers);
    cel.registerOperator(`double ${operator} int: double`, onNumbers);
    if (operator === '%') cel.registerOperator('double % double: double', onNumbers);
  }
  // A length is a whole number to CEL, and what it is compared with is not. `!=` follows from it, and so does the other order.
  cel.registerOperator('int == double: bool', (a: number | bigint, b: number | bigint) => Number(a) === Number(b));
  return registerNumberArguments(cel);
}

/** CEL's own want whole numbers, which ours are not; a length may also be counted from one of each kind. */
function registerNumberArguments(cel: Environment): Environment {
  const substring = (text: string, start: number | bigint, end?: number | bigint) => {
    return text.substring(Number(start), end === undefined ? undefined : Number(end));
  };
  const split = (text: string, separator: string, limit: number) => text.split(separator).slice(0, limit);
  cel.registerFunction('string.substring(double): string', substring);
  for (const pair of ['double, double', 'int, double', 'double, int']) {
    cel.registerFunction(`string.substring(${pair}): string`, substring);
  }
  cel.registerFunction('string.split(string, double): list<string>', split);
  return cel;
}

function parse(expression: string): ParseResult {
  try {
    const parsed = environment.parse(expression);
    useJsonNumbers(parsed.ast, expression);
    return parsed;
  } catch (error) {
    if (error instanceof ExpressionError) throw error;
    const { summary, range } = error as { summary?: string; range?: { start: number } };
    const problem = summary === undefined ? String(error) : describeSyntax(summary);
    throw new ExpressionError(problem, expression, range?.start ?? 0);
  }
}

/** L2, by making each whole number of the text a JSON one. The library's tree is writable, though not in its types. */
function useJsonNumbers(node: ASTNode, expression: string): void {
  if (node.op === 'value' && typeof node.args === 'bigint') {
    if (!Number.isSafeInteger(Number(node.args))) {
      throw new ExpressionError(`${node.args} is too large a number`, expression, node.start);
    }
    (node as { args: unknown }).args = Number(node.args);
  }
  for (const child of childrenOf(node)) useJsonNumbers(child, expression);
  if (node.op !== '[]') return;
  // CEL takes no such number for an index where it knows that there is a list, unless it cannot know the number's type.
  const operands = node.args;
  if (operands[1].op !== 'value' || typeof operands[1].args !== 'string') operands[1] = asUnknown(operands[1]);
}

function asUnknown(node: ASTNode): ASTNode {
  const call = environment.parse('dyn(null)').ast;
  (call.args as [string, ASTNode[]])[1][0] = node;
  return call;
}

function checkCalls(node: ASTNode, expression: string, loops: number): void {
  let inside = loops;
  if (node.op === 'call' || node.op === 'rcall') {
    const known: readonly string[] = node.op === 'call' ? FUNCTIONS : METHODS;
    if (!known.includes(node.args[0])) {
      const problem = `there is no function ${node.args[0]}()`;
      throw new ExpressionError(problem, expression, node.start, suggestion(node.args[0], known, 20));
    }
    if (node.op === 'rcall' && LOOPS.includes(node.args[0])) inside += 1;
  }
  if (inside > LOOP_DEPTH) {
    throw new ExpressionError(`loops stand more than ${LOOP_DEPTH} deep`, expression, node.start);
  }
  for (const child of childrenOf(node)) checkCalls(child, expression, inside);
}

function nodesIn(value: unknown): ASTNode[] {
  if (Array.isArray(value)) return value.flatMap(nodesIn);
  return isNode(value) ? [value] : [];
}

function isNode(value: unknown): value is ASTNode {
  return typeof value === 'object' && value !== null && 'op' in value && 'args' in value;
}

/** The library speaks of tokens. */
function describeSyntax(summary: string): string {
  if (summary === 'Unexpected token: EOF' || /got EOF/.test(summary)) return 'the expression ends too early';
  const words = summary.replace(/\btoken: ([A-Z]+)\b/g, (_, token: string) => `token: ${token.toLowerCase()}`);
  return `${words.charAt(0).toLowerCase()}${words.slice(1)}`;
}
