import type { FastifyRequest } from 'fastify';
import type { Caller, Keys } from './keys';
import { ApiError, wrongKey } from './errors';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks; set before any handler but those of /healthz and /readyz. */
    caller: Caller;
  }
}

/** Whether a host is this machine itself, reached through its loopback. */
export function isLoopback(host: string): boolean {
  return /^(127(\.\d{1,3}){3}|localhost|::1|\[::1\])$/i.test(host);
}

function isOfHere(origin: string): boolean {
  return URL.canParse(origin) && isLoopback(new URL(origin).hostname);
}

/** Who asks. Fails: ApiError 401 and 403. */
export function admitCaller(keys: Keys, request: FastifyRequest): Caller {
  const { authorization, host = '', origin } = request.headers;
  // A page in a browser reaches this machine under a name of its own, or says whose it is: without keys these are the
  // only signs of it. Forms and texts it may send without being asked whether it may.
  if (!keys.required && !isLoopback(host.replace(/:\d+$/, ''))) throw notFromHere(host);
  if (!keys.required && origin !== undefined && !isOfHere(origin)) throw notFromHere(origin);
  const caller = keys.callerOf(authorization);
  if (caller) return caller;
  throw wrongKey(authorization !== undefined);
}

function notFromHere(from: string): ApiError {
  return new ApiError(403, {
    message: `Without keys only this machine may ask, as localhost and not as ${from}. Configure gateway.keys for others.`,
    type: 'invalid_request_error',
    code: 'not_local',
  });
}
