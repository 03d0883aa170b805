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
    if (owner === '') continue;
    panes.set(owner, { id, attached: attached !== '0', inCopyMode: mode === '1' });
  }
  return panes;
}

/** Marks the pane that is active in a new session; part of the command that makes it. */
export function tagCommand(session: string, agentId: string): string[] {
  return ['set-option', '-p', '-t', `=${session}:`, OWNER, agentId];
}

/** An agent's pane and its screen, wrapped lines joined; undefined where there is none. One question for both. */
export async function lookAtPane(
  server: TmuxServer,
  session: string,
  agentId: string,
): Promise<{ readonly pane: Pane; readonly lines: string[] } | undefined> {
  const target = `=${session}:`;
  const text = await server.run([
    ...['list-panes', '-s', '-t', target, '-F', FIELDS, ';', 'display-message', '-p', SCREEN_FOLLOWS, ';'],
    ...['capture-pane', '-p', '-J', '-t', target],
  ]);
  const [table = '', ...screen] = text.split(`${SCREEN_FOLLOWS}\n`);
  const pane = readPanes(table).get(agentId);
  if (pane === undefined) return undefined;
  // Somebody may have split the window: then the active pane need not be the agent's.
  const isAlone = table.trimEnd().split('\n').length === 1;
  const shown = isAlone ? screen.join(`${SCREEN_FOLLOWS}\n`) : await capture(server, pane);
  return { pane, lines: shown.split('\n').map((line) => line.trimEnd()) };
}

const SCREEN_FOLLOWS = 'the screen:';

function capture(server: TmuxServer, pane: Pane): Promise<string> {
  return server.run(['capture-pane', '-p', '-J', '-t', pane.id]);
}

/**
 * Type text as one paste, without Enter. The server itself checks, in the same step, that the pane is still ours and
 * that nobody is there; false when it refused.
 */
export async function pasteText(server: TmuxServer, pane: Pane, agentId: string, text: string): Promise<boolean> {
  const buffer = `gantry-${agentId}`;
  const paste = `paste-buffer -p -r -d -b ${buffer} -t ${pane.id}`;
  const load = ['load-buffer', '-b', buffer, '-', ';'];
  const answer = await server.run([...load, ...guardedCommand(pane, unattended(agentId), paste)], text);
  if (!isRefused(answer)) return true;
  await server.run(['delete-buffer', '-b', buffer]);
  return false;
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
  return !isRefused(await server.run(guardedCommand(pane, condition, command)));
}

function guardedCommand(pane: Pane, condition: string, command: string): string[] {
  return ['if-shell', '-F', '-t', pane.id, condition, command, 'display-message -p refused'];
}

function isRefused(answer: string): boolean {
  return answer.trim() === 'refused';
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
