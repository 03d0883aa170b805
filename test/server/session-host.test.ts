import { randomUUID } from 'node:crypto';
import { Context } from '@temporalio/activity';
import { defaultPayloadConverter } from '@temporalio/common';
import type { WorkflowHandle } from '@temporalio/client';
import type { Worker } from '@temporalio/worker';
import { withHeartbeat } from '../../activities/heartbeat';
import type { SessionActivities } from '../../contracts/activities';
import type { JsonObject } from '../../contracts/json';
import {
  SESSION_HOST,
  controlSessionsUpdate,
  hostLogQuery,
  hostWorkflowId,
  type SessionHostInput,
  type SessionHostLimits,
} from '../../contracts/messages';
import type { ControlInput, ControlResult, HostView } from '../../contracts/sessions';
import { hostTaskQueue } from '../../contracts/task-queues';
import { EntityWorker } from '../support/entity-worker';
import { patientQuery } from '../support/patient-query';
import { waitUntil } from '../support/wait-until';

let entities: EntityWorker;
beforeAll(async () => {
  entities = await EntityWorker.start();
});
afterAll(() => entities.stop());

/** A host whose sessions are only talked of. */
class ScriptedHost {
  readonly name = `host-${randomUUID().slice(0, 8)}`;
  readonly taskQueue = hostTaskQueue(entities.taskQueue, this.name);
  readonly commands: ControlInput[] = [];
  /** How it answers a command. */
  answer: (command: ControlInput) => Promise<ControlResult> = async ({ targets }) => ({ done: targets, refused: [] });
  /** Fail the next tries to serve with this. */
  refuses: Error | undefined;
  /** Do not beat at the next try, as a process that hangs. */
  hangs = false;
  serves = 0;
  private life = 0;
  private worker: Worker | undefined;
  private leave: () => void = () => undefined;

  /** A process of the host, which lasts until it is lost or leaves. */
  async start(): Promise<void> {
    this.life += 1;
    const left = new Promise<void>((resolve) => (this.leave = resolve));
    this.worker = await entities.serve({ taskQueue: this.taskQueue, activities: this.activities(left) });
  }

  async lose(): Promise<void> {
    await entities.end(this.worker!);
  }

  /** Serve no more, as a host does that is ended in an orderly way. */
  leaves(): void {
    this.leave();
  }

  private activities(left: Promise<void>): Pick<SessionActivities, 'serveSessions' | 'controlSessions'> {
    return {
      serveSessions: async () => {
        this.serves += 1;
        if (this.hangs) {
          this.hangs = false;
          return Context.current().cancelled;
        }
        return withHeartbeat(
          () => this.view() as unknown as JsonObject,
          async () => {
            if (this.refuses !== undefined) throw this.refuses;
            await Promise.race([left, Context.current().cancelled]);
            return { left: true as const };
          },
        );
      },
      controlSessions: async (command) => {
        this.commands.push(command);
        return this.answer(command);
      },
    };
  }

  private view(): HostView {
    return {
      host: this.name,
      home: 'home',
      startedAt: this.life,
      at: Date.now(),
      freeMemoryMb: 1_000,
      pools: [],
      sessions: [],
    };
  }
}

async function stands(host: ScriptedHost, limits: Partial<SessionHostLimits> = {}): Promise<WorkflowHandle> {
  return entities.client.workflow.start(SESSION_HOST, {
    workflowId: hostWorkflowId(host.name),
    workflowIdConflictPolicy: 'USE_EXISTING',
    taskQueue: entities.taskQueue,
    args: [{ host: host.name, taskQueue: host.taskQueue, limits } satisfies SessionHostInput],
  });
}

/** What the latest beat of a host says: as `gantry sessions` reads it. */
async function beatOf(workflow: WorkflowHandle): Promise<HostView | undefined> {
  const { raw } = await workflow.describe();
  const serving = raw.pendingActivities?.find(({ activityType }) => activityType?.name === 'serveSessions');
  const payload = serving?.heartbeatDetails?.payloads?.[0];
  return payload ? defaultPayloadConverter.fromPayload<HostView>(payload) : undefined;
}

/** A host, its workflow, and a first beat of it. */
async function serving(limits: Partial<SessionHostLimits> = {}) {
  const host = new ScriptedHost();
  await host.start();
  const workflow = await stands(host, limits);
  await waitUntil(() => beatOf(workflow));
  return { host, workflow };
}

const give = (workflow: WorkflowHandle, command: Partial<ControlInput> = {}): Promise<ControlResult> =>
  workflow.executeUpdate(controlSessionsUpdate, {
    args: [{ who: 'ada', action: 'stop', targets: ['codex-1'], ...command }],
  });

describe('a host that serves', () => {
  it('says how its sessions stand with every beat, and no beat enters the history', async () => {
    const { host, workflow } = await serving();
    const first = (await beatOf(workflow))!;
    expect(first.host).toBe(host.name);
    const { historyLength } = await workflow.describe();
    await waitUntil(async () => (await beatOf(workflow))!.at > first.at + 1_000);
    expect((await workflow.describe()).historyLength).toBe(historyLength);
  });

  it('does what people command, and keeps who said what and what came of it', async () => {
    const { host, workflow } = await serving();
    host.answer = async () => ({ done: ['codex-1'], refused: ['codex-2: is at work'] });
    const command = { who: 'ada', action: 'reserve', targets: ['codex'], pool: 'codex-critical', force: true } as const;
    expect(await give(workflow, { ...command, odd: 'left out' } as ControlInput)).toEqual({
      done: ['codex-1'],
      refused: ['codex-2: is at work'],
    });
    expect(host.commands).toEqual([command]);
    const log = await patientQuery(workflow, hostLogQuery);
    expect(log).toEqual([
      {
        ...command,
        at: expect.any(Number) as number,
        answer: { done: ['codex-1'], refused: ['codex-2: is at work'] },
      },
    ]);
    const metadata = await workflow.query<{ currentDetails?: string }>('__temporal_workflow_metadata');
    expect(metadata.currentDetails).toContain('**ada**: reserve codex → done: codex-1; refused: codex-2: is at work');
  });

  it.each([
    ['nobody', { who: ' ' }, 'A command needs a name: set "who".'],
    [
      'an unknown action',
      { action: 'explode' as never },
      'No action "explode". Actions: start, stop, restart, reserve, unreserve, drain, undrain.',
    ],
    ['a name that is none', { targets: ['../etc'] }, '"../etc" is no name of a session or pool.'],
    ['a pool without reserve', { pool: 'codex' }, 'Only reserve takes a pool, stop does not.'],
    ['no list', { targets: 'codex' as never }, '"targets" is a list of sessions and pools; an empty one means all'],
  ])('refuses a command of %s before it reaches the host', async (_name, command, reason) => {
    const host = new ScriptedHost();
    const workflow = await stands(host);
    await expect(give(workflow, command)).rejects.toMatchObject({
      cause: { type: 'Request.Refused', message: expect.stringContaining(reason) as string },
    });
    expect(await patientQuery(workflow, hostLogQuery)).toEqual([]);
    await workflow.terminate();
  });

  it('answers a person in time, even when the host takes longer, and the log has the result later', async () => {
    const { host, workflow } = await serving({ answerMs: 300 });
    let finish!: () => void;
    const finished = new Promise<void>((resolve) => (finish = resolve));
    host.answer = async () => finished.then(() => ({ done: ['codex-1'], refused: [] }));
    const { done, refused } = await give(workflow);
    expect(done).toEqual([]);
    expect(refused).toEqual([expect.stringContaining(`Host ${host.name} is still at it after 0.3 s.`)]);
    expect(await patientQuery(workflow, hostLogQuery)).toEqual([
      expect.not.objectContaining({ answer: expect.anything() as unknown }),
    ]);
    finish();
    await waitUntil(async () => (await patientQuery(workflow, hostLogQuery))[0]?.answer);
    expect((await patientQuery(workflow, hostLogQuery))[0]?.answer).toEqual({ done: ['codex-1'], refused: [] });
  });

  it('a command that the host fails at is refused with what the host says, and is not tried again', async () => {
    const { host, workflow } = await serving();
    host.answer = async () => Promise.reject(new Error('tmux is not installed'));
    await expect(give(workflow)).rejects.toMatchObject({
      cause: { type: 'Request.Refused', message: `Host ${host.name} could not do it: tmux is not installed` },
    });
    expect(host.commands).toHaveLength(1);
  });

  it('ends when its host leaves', async () => {
    const { host, workflow } = await serving();
    host.leaves();
    expect(await workflow.result()).toEqual({ left: true });
  });
});

describe('a host that is lost', () => {
  it('keeps its last beat, says so to who commands it, and is found again by the same workflow', async () => {
    const { host, workflow } = await serving({ takenMs: 1_000 });
    await give(workflow);
    await host.lose();
    const last = await beatOf(workflow);
    expect(last?.startedAt).toBe(1);
    await expect(give(workflow)).rejects.toMatchObject({
      cause: {
        type: 'Request.Refused',
        message: `Host ${host.name} has not answered for 1.0 s. Nothing was done. Is "gantry host" running there?`,
      },
    });
    await host.start();
    const again = await stands(host);
    await waitUntil(async () => (await beatOf(again))?.startedAt === 2);
    expect(await give(again)).toEqual({ done: ['codex-1'], refused: [] });
    const { runId } = await again.describe();
    expect(runId).toBe((await workflow.describe()).runId);
    expect((await patientQuery(again, hostLogQuery)).map(({ answer }) => answer)).toEqual([
      { done: ['codex-1'], refused: [] },
      { failure: expect.stringContaining('has not answered') as string },
      { done: ['codex-1'], refused: [] },
    ]);
  });

  it('is asked to serve again when it has not been heard of for some seconds', async () => {
    const host = new ScriptedHost();
    host.hangs = true;
    await host.start();
    const workflow = await stands(host);
    await waitUntil(() => host.serves === 1);
    expect(await beatOf(workflow)).toBeUndefined();
    await waitUntil(() => beatOf(workflow));
    expect(host.serves).toBe(2);
    host.leaves();
    expect(await workflow.result()).toEqual({ left: true });
  });

  it('costs no history while it fails to serve, and serves when it can', async () => {
    const host = new ScriptedHost();
    host.refuses = new Error('disk full');
    await host.start();
    const workflow = await stands(host);
    await waitUntil(() => host.serves >= 2);
    const { historyLength } = await workflow.describe();
    host.refuses = undefined;
    const served = host.serves;
    await waitUntil(() => host.serves > served);
    await waitUntil(() => beatOf(workflow));
    expect((await workflow.describe()).historyLength).toBe(historyLength);
    host.leaves();
    expect(await workflow.result()).toEqual({ left: true });
  });

  it('is forgotten when it has not been seen for long', async () => {
    const { host, workflow } = await serving({ unseenMs: 1_500 });
    await host.lose();
    expect(await workflow.result()).toEqual({ left: false });
  });
});

describe('a host that serves for long', () => {
  it('continues as new with its commands, and its host is asked to serve again', async () => {
    const { host, workflow } = await serving({ historyEvents: 30 });
    const first = (await workflow.describe()).runId;
    for (let times = 0; times < 12; times += 1) await give(workflow, { targets: [`codex-${times}`] });
    const { runId } = await workflow.describe();
    expect(runId).not.toBe(first);
    const log = await patientQuery(workflow, hostLogQuery);
    expect(log.map(({ targets }) => targets[0])).toEqual(Array.from({ length: 12 }, (_, i) => `codex-${i}`));
    await waitUntil(async () => host.serves >= 2 && (await beatOf(workflow)));
    host.leaves();
    expect(await workflow.result()).toEqual({ left: true });
  });
});
