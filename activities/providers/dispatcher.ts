import { Agent, type Dispatcher } from 'undici';

/**
 * Connections to providers, shared by all calls of a process and kept open between them. The clocks of a call are its
 * own: Node's fetch would end every call that is without headers, or silent, for 300 s.
 */
export const DISPATCHER: Dispatcher = new Agent({ headersTimeout: 0, bodyTimeout: 0 });
