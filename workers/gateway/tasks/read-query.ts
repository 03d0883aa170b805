import type { FastifyRequest } from 'fastify';
import { badRequest } from '../errors';

/** Of a route whose path ends with the id of a task, a batch or a file. */
export interface WithId {
  readonly Params: { readonly id: string };
}

/** The longest life of a task. */
const LONGEST_LIFE_S = 7 * 86_400;
const MOST_IN_PAGE = 10_000;

/** `?expires_in=3600`: seconds. Fails: ApiError 400. */
export function lifeOf({ query }: FastifyRequest): { readonly lifeMs?: number } {
  const given = (query as Readonly<Record<string, unknown>>)['expires_in'];
  if (given === undefined) return {};
  const seconds = Number(given);
  if (Number.isInteger(seconds) && seconds >= 1 && seconds <= LONGEST_LIFE_S) return { lifeMs: seconds * 1_000 };
  throw badRequest(`expires_in must be a whole number of seconds, 1 to ${LONGEST_LIFE_S}.`, 'expires_in');
}

/** A page of a list, as OpenAI's lists are turned. Fails: ApiError 400. */
export function pageOf<T extends { readonly id: string }>(all: readonly T[], { query }: FastifyRequest) {
  const { limit = '20', after } = query as Readonly<Record<string, string | undefined>>;
  const count = Number(limit);
  if (!Number.isInteger(count) || count < 1 || count > MOST_IN_PAGE) {
    throw badRequest(`limit must be a whole number, 1 to ${MOST_IN_PAGE}.`, 'limit');
  }
  const start = after === undefined ? 0 : all.findIndex(({ id }) => id === after) + 1;
  if (after !== undefined && start === 0) throw badRequest(`after is "${after}", which is not in this list.`, 'after');
  const data = all.slice(start, start + count);
  const [first_id = null, last_id = null] = [data[0]?.id, data.at(-1)?.id];
  return { object: 'list', data, first_id, last_id, has_more: start + count < all.length };
}
