import type { FastifyRequest } from 'fastify';

/** As long as OpenAI takes it. */
const CLIENT_ID = /^[\x21-\x7e]{1,512}$/;

/** What the client, or a proxy before the gateway, calls the request; undefined: nothing, or nothing for a log. */
export function clientIdOf({ headers }: FastifyRequest): string | undefined {
  const given = headers['x-client-request-id'] ?? headers['x-request-id'];
  return typeof given === 'string' && CLIENT_ID.test(given) ? given : undefined;
}
