import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ApiError } from './errors';

const METHODS = ['GET', 'POST', 'DELETE'] as const;

/** Doors that are there only with the worker pool. */
const OF_THE_POOL = /^\/v1\/(files|batches|tasks|workers|chat\/completions\/batch)(\/|$)/;

/** Nobody serves this: why, and what was perhaps meant. */
export function notServed(app: Pick<FastifyInstance, 'hasRoute'>, { method, url }: FastifyRequest): ApiError {
  const path = url.split('?', 1)[0] ?? url;
  const others = methodsOf(app, path);
  return others.length > 0 ? wrongMethod(method, path, others) : unknownUrl(method, path, hintFor(app, path));
}

/** `?batch=true` where nobody serves tasks. */
export function noTasksHere({ method, url }: FastifyRequest): ApiError {
  return unknownUrl(method, url, 'Tasks are served where the gateway runs with ENABLE_WORKER_POOL=true.');
}

function methodsOf(app: Pick<FastifyInstance, 'hasRoute'>, url: string): readonly string[] {
  return METHODS.filter((method) => app.hasRoute({ method, url }));
}

function hintFor(app: Pick<FastifyInstance, 'hasRoute'>, path: string): string {
  const isThere = (url: string): boolean => methodsOf(app, url).length > 0;
  const meant = [`/v1${path}`, path.replace(/^(\/v1)+/, '/v1'), path.replace(/\/+$/, '')].find(isThere);
  if (meant !== undefined) return `Did you mean ${meant}? The base URL of the gateway ends in /v1.`;
  if (OF_THE_POOL.test(path) && !isThere('/v1/batches')) {
    return 'Tasks, files and batches are served where the gateway runs with ENABLE_WORKER_POOL=true.';
  }
  return 'POST /v1/chat/completions and /v1/embeddings are served, and GET /v1/models lists what may be asked.';
}

function unknownUrl(method: string, url: string, hint: string): ApiError {
  return new ApiError(404, {
    message: `Unknown request URL: ${method} ${url}. ${hint}`,
    type: 'invalid_request_error',
    code: 'unknown_url',
  });
}

function wrongMethod(method: string, path: string, others: readonly string[]): ApiError {
  const body = {
    message: `${path} is asked with ${others.join(' or ')}, and not with ${method}.`,
    type: 'invalid_request_error',
    code: 'method_not_allowed',
  };
  return new ApiError(405, body, { headers: { allow: others.join(', ') } });
}
