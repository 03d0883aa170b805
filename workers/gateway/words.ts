import type { FastifyRequest } from 'fastify';
import { badRequest } from './errors';

/** Words of headers become names in profiles and audits. */
const WORD = /^[\w.:/-]{1,80}$/;

/** What headers say for routing. */
export interface RoutingWords {
  readonly task: string | undefined;
  readonly project: string | undefined;
}

/** `x-gantry-task` and `x-gantry-project`. Fails: ApiError 400. */
export function wordsOf(request: Pick<FastifyRequest, 'headers'>): RoutingWords {
  return { task: word(request, 'x-gantry-task'), project: word(request, 'x-gantry-project') };
}

function word({ headers }: Pick<FastifyRequest, 'headers'>, name: string): string | undefined {
  const value = headers[name];
  if (value === undefined || value === '') return undefined;
  if (typeof value === 'string' && WORD.test(value)) return value;
  throw badRequest(`The header ${name} must be one word of letters, digits, - _ . : and /, 80 at most.`, name);
}
