import { TmuxError, type TmuxServer } from './tmux-server';

/** The pane an agent runs in. */
export interface Pane {
  /** `%12`: never names another pane of the same server. */
  readonly id: string;
  readonly attached: boolean;
  readonly inCopyMode: boolean;
}

const OWNER = '@gantry_agent';
const FIELDS = ['#{pane_id}', '#{session_attached}', '#{pane_in_mode}', `#{${OWNER}}`].join('\t');

/** The pane of an agent, by its owner tag; undefined where there is none. */
export async function findPane(server: TmuxServer, session: string, agentId: string): Promise<Pane | undefined> {
  // `=` and `:`: this session alone, not one whose name begins like it.
  return readPanes(await server.run(['list-panes', '-s', '-t', `=${session}:`, '-F', FIELDS])).get(agentId);
}

/** Every agent's pane of the server, by owner tag. */
export async function listPanes(server: TmuxServer): Promise<ReadonlyMap<string, Pane>> {
  return readPanes(await server.run(['list-panes', '-a', '-F', FIELDS]));
}

function readPanes(text: string): Map<string, Pane> {
  const panes = new Map<string, Pane>();
  for (const line of text.split('\n')) {
    const [id = '', attached, mode, owner = ''] = line.split('\t');
    if (owner !== '') panes.set(owner, { id, attached: attached !== '0', inCopyMode: mode === '1' });
  }
  return panes;
}

/** Marks the pane that is active in a new session; part of the command that makes it. */
export function tagCommand(session: string, agentId: string): string[] {
  return ['set-option', '-p', '-t', `=${session}:`, OWNER, agentId];
}

/** The screen, wrapped lines joined. */
export async function capture(server: TmuxServer, pane: Pane): Promise<string[]> {
  const text = await server.run(['capture-pane', '-p', '-J', '-t', pane.id]);
  return text.split('\n').map((line) => line.trimEnd());
}

/**
 * Type text as one paste, without Enter. The server itself checks, in the same step, that the pane is still ours and
 * that nobody is there; false when it refused.
 */
export async function pasteText(server: TmuxServer, pane: Pane, agentId: string, text: string): Promise<boolean> {
  const buffer = `gantry-${agentId}`;
  await server.run(['load-buffer', '-b', buffer, '-'], text);
  const pasted = await guarded(server, pane, unattended(agentId), `paste-buffer -p -r -d -b ${buffer} -t ${pane.id}`);
  if (!pasted) await server.run(['delete-buffer', '-b', buffer]);
  return pasted;
}

/** Press keys under the same conditions. */
export function pressKeys(server: TmuxServer, pane: Pane, agentId: string, keys: readonly string[]): Promise<boolean> {
  return guarded(server, pane, unattended(agentId), `send-keys -t ${pane.id} ${keys.join(' ')}`);
}

/** Press a key whoever looks on: for an agent that is to stop. */
export function pressAnyway(server: TmuxServer, pane: Pane, agentId: string, key: string): Promise<boolean> {
  return guarded(server, pane, isOwner(agentId), `send-keys -t ${pane.id} ${key}`);
}

/** Leave a copy mode that nobody is left to leave. */
export async function leaveCopyMode(server: TmuxServer, pane: Pane, agentId: string): Promise<void> {
  const condition = all(isOwner(agentId), '#{==:#{session_attached},0}', '#{pane_in_mode}');
  await guarded(server, pane, condition, `send-keys -t ${pane.id} -X cancel`);
}

/** End the terminal of an agent, and no other. */
export async function killSession(server: TmuxServer, session: string, agentId: string): Promise<void> {
  try {
    const pane = await findPane(server, session, agentId);
    if (pane) await guarded(server, pane, isOwner(agentId), `kill-session -t ${pane.id}`);
  } catch (error) {
    if (!(error instanceof TmuxError)) throw error; // there is no such session, or no server
  }
}

async function guarded(server: TmuxServer, pane: Pane, condition: string, command: string): Promise<boolean> {
  const answer = await server.run(['if-shell', '-F', '-t', pane.id, condition, command, 'display-message -p refused']);
  return answer.trim() !== 'refused';
}

function isOwner(agentId: string): string {
  return `#{==:#{${OWNER}},${agentId}}`;
}

function unattended(agentId: string): string {
  const nobody = '#{==:#{session_attached},0}';
  return all(isOwner(agentId), nobody, '#{?pane_in_mode,0,1}', '#{?pane_dead,0,1}');
}

function all(first: string, ...rest: readonly string[]): string {
  return rest.reduce((left, right) => `#{&&:${left},${right}}`, first);
}
