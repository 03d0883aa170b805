import { createHash, randomUUID } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { APIConnectionError, APIError } from 'openai';

/**
 * What the agent reports, in the hook protocol that coding agents share: one JSON object a line, appended to
 * $GANTRY_EVENTS. Each prompt it takes is also counted in $GANTRY_AGENT_LOG, if that is set.
 */
export class AgentEvents {
  private readonly session = randomUUID();

  constructor(private readonly also: (line: string) => void = () => undefined) {}

  emit(name: string, payload: Readonly<Record<string, unknown>>): void {
    const line = JSON.stringify({ hook_event_name: name, session_id: this.session, cwd: process.cwd(), ...payload });
    append(process.env['GANTRY_EVENTS'], line);
    this.also(line);
  }

  accept(prompt: string): void {
    const sha256 = createHash('sha256').update(prompt).digest('hex');
    const dispatch = process.env['GANTRY_DISPATCH'];
    append(process.env['GANTRY_AGENT_LOG'], JSON.stringify({ what: 'prompt', dispatch, sha256, at: Date.now() }));
    this.emit('UserPromptSubmit', { prompt });
  }

  fail(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.emit('StopFailure', { error: reasonOf(error), last_assistant_message: message });
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof APIConnectionError) return 'server_error';
  if (!(error instanceof APIError)) return 'unknown';
  if (error.status === 429) return 'rate_limit';
  if (error.status === 401 || error.status === 403) return 'authentication_failed';
  return error.status !== undefined && error.status >= 500 ? 'server_error' : 'invalid_request';
}

// Appended before anything else is done, so that a crash right after it leaves the truth.
function append(path: string | undefined, line: string): void {
  if (path !== undefined && path !== '') appendFileSync(path, `${line}\n`, { mode: 0o600 });
}
