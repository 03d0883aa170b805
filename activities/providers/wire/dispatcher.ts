import { Agent, type Dispatcher } from 'undici';

/** Calls of one provider at a time; more than this wait for a connection. */
const CONNECTIONS = 512;

/**
 * Connections to providers, shared by all calls of a process and kept open between them. The clocks of a call are its
 * own: Node's fetch would end every call that is without headers, or silent, for 300 s.
 */
export const DISPATCHER: Dispatcher = new Agent({ connections: CONNECTIONS, headersTimeout: 0, bodyTimeout: 0 });
