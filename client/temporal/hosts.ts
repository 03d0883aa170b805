import { randomUUID } from 'node:crypto';
import { controlSessionsUpdate, hostWorkflowId, SESSION_HOST } from '../../contracts/messages';
import type { ControlInput, ControlResult, HostView } from '../../contracts/sessions';
import { atMost } from '../at-most';
import { NotFoundError } from '../faults';
import type { Door } from './door';
import { pendingOf, type Pending } from './pending';

/** What a host's workflow waits for all the time: its heartbeats say how the host stands. */
const SERVING = 'serveSessions';
const AT_ONCE = 16;
/** Stopping a session that works takes its grace, and several are stopped one after another. */
const CONTROL_MS = 60_000;

/** A host of sessions, as Temporal knows it. */
export interface Host {
  readonly host: string;
  /** What it said last of itself; absent until it has said something. */
  readonly view?: HostView;
  /** Nobody serves it, and nothing was heard of it since. Epoch milliseconds. */
  readonly lostSince?: number;
}

/** What gantry asks of session hosts. */
export class Hosts {
  constructor(private readonly door: Door) {}

  /** Every host that has not left, by name. */
  async list(): Promise<Host[]> {
    const query = `WorkflowType = '${SESSION_HOST}' AND ExecutionStatus = 'Running'`;
    const prefix = hostWorkflowId('');
    const names = new Set<string>();
    await this.door.call(async () => {
      for await (const { workflowId } of this.door.client.workflow.list({ query, pageSize: 200 })) {
        if (workflowId.startsWith(prefix)) names.add(workflowId.slice(prefix.length));
      }
    });
    const found = await atMost(AT_ONCE, [...names].sort(), (name) => this.find(name));
    return found.filter((host) => host !== undefined);
  }

  /** One host; undefined when it has left, or never was. */
  async find(host: string): Promise<Host | undefined> {
    try {
      const { raw, status } = await this.door.call(() => this.handle(host).describe());
      if (status.name !== 'RUNNING') return undefined;
      const pending = await pendingOf(this.door, raw);
      return hostOf(host, pending);
    } catch (error) {
      if (error instanceof NotFoundError) return undefined;
      throw error;
    }
  }

  /** Have sessions of a host started, stopped, reserved or drained. Fails: NoWorkerError, NotFoundError. */
  async control(host: string, input: ControlInput): Promise<ControlResult> {
    const options = { args: [input] as [ControlInput], updateId: randomUUID() };
    return this.door.call(() => this.handle(host).executeUpdate(controlSessionsUpdate, options), {
      deadlineMs: CONTROL_MS,
      needsWorker: true,
    });
  }

  private handle(host: string) {
    return this.door.client.workflow.getHandle(hostWorkflowId(host));
  }
}

/** Pure: a serving activity that waits for somebody to take it says that the host is gone, or is not up yet. */
export function hostOf(host: string, pending: readonly Pending[]): Host {
  const serving = pending.find(({ type }) => type === SERVING);
  const view = (serving?.said ?? undefined) as unknown as HostView | undefined;
  const heard = serving?.heartbeatAt ?? view?.at ?? serving?.scheduledAt;
  return {
    host,
    ...(view && { view }),
    ...(serving?.waits === true && heard !== undefined && { lostSince: heard }),
  };
}
