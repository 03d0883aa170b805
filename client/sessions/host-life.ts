import type { HostView, SessionState, SessionView } from '../../contracts/sessions';
import { ServiceError } from '../faults';
import type { Temporal } from '../temporal';

/** A host says how it stands every second; one that says nothing for this long is not there. */
const SPEAKS_MS = 2_500;
const FRESH_MS = 15_000;
const LOOK_MS = 250;

type Wait = (ms: number) => Promise<void>;

/** Does some process serve this host now? What a killed one said last may be seconds old: listen whether it goes on. */
export async function isServed(temporal: Temporal, host: string, wait: Wait): Promise<boolean> {
  const said = async (): Promise<number> => {
    const found = await temporal.hosts.find(host);
    return found?.lostSince === undefined ? (found?.view?.at ?? 0) : 0;
  };
  const before = await said();
  if (before < Date.now() - FRESH_MS) return false;
  await wait(SPEAKS_MS);
  return (await said()) > before;
}

/** Wait until the host has said something after `since`; undefined when it has not within `withinMs`. */
export async function untilUp(
  temporal: Temporal,
  host: string,
  options: { readonly since: number; readonly withinMs: number; readonly wait: Wait; readonly signal: AbortSignal },
): Promise<HostView | undefined> {
  const { since, withinMs, wait, signal } = options;
  for (const deadline = Date.now() + withinMs; Date.now() < deadline && !signal.aborted;) {
    const found = await temporal.hosts.find(host).catch(whileAway);
    if (found?.lostSince === undefined && (found?.view?.at ?? 0) >= since) return found!.view;
    await wait(LOOK_MS);
  }
  return undefined;
}

/** Give the host nothing new, and wait until its sessions have ended what they are at, or `signal` aborts. */
export async function drain(
  temporal: Temporal,
  host: string,
  options: {
    readonly who: string;
    readonly wait: Wait;
    readonly signal?: AbortSignal;
    readonly say: (line: string) => void;
  },
): Promise<void> {
  await temporal.hosts.control(host, { who: options.who, action: 'drain', targets: [] });
  let said = '';
  while (options.signal?.aborted !== true) {
    const found = await temporal.hosts.find(host).catch(whileAway);
    const busy = (found?.view?.sessions ?? []).filter(isAtWork);
    if (found?.lostSince !== undefined || (found !== undefined && busy.length === 0)) return;
    const line = `Waiting for ${busy.map(named).join(', ')}.`;
    if (busy.length > 0 && line !== said) options.say(line);
    said = line;
    await options.wait(LOOK_MS * 2);
  }
}

const AT_WORK: readonly SessionState[] = ['leased', 'working', 'asking', 'held', 'detecting'];

function isAtWork({ state, run }: SessionView): boolean {
  return AT_WORK.includes(state) && (run !== undefined || state === 'leased');
}

function named({ name, run, stage }: SessionView): string {
  return run === undefined ? name : `${name} (${run.runId}${stage === undefined ? '' : ` ${stage}`})`;
}

function whileAway(error: unknown): undefined {
  if (!(error instanceof ServiceError)) throw error;
}
