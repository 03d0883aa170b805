import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { evaluate } from '../../activities/evaluation/evaluate-answer';
import { withHeartbeat } from '../../activities/heartbeat';
import type { Activities, ClosedPool, DispatchInput, RunCommandInput } from '../../contracts/activities';
import type { ErrorType } from '../../contracts/errors';
import type { FailureDetails } from '../../activities/failure';
import { JUDGING, type RecordQualityInput } from '../../contracts/evaluation';
import type { CallModelInput, ModelFailure, SettleSlicesInput } from '../../contracts/models';
import { toNano } from '../../contracts/money';
import type { Slice } from '../../contracts/budgets';
import type { Json } from '../../contracts/json';
import { checkPipeline } from '../../contracts/pipeline';
import type { Ask } from '../../contracts/sessions';
import { excerpt } from '../../contracts/text';
import type { UndoAction } from '../../contracts/undo';
import { FakeSessionHost } from './fake-sessions';

/** The home of the worktrees. */
const HOME = '/home-a';

/** How a scripted command, agent or model answers; thrown failures are as those of the real activities. */
export interface Script {
  readonly exitCode?: number;
  readonly output?: Json;
  readonly fail?: {
    readonly type: ErrorType;
    readonly message?: string;
    readonly retryAfterMs?: number;
    readonly details?: FailureDetails | ModelFailure;
  };
  readonly costUsd?: number;
  /** What is left of the slice that a model was paid from. */
  readonly slice?: Slice;
  /** Resolved by the test, or by cancellation. */
  readonly until?: Promise<void>;
}

export interface ScriptedSessionHost {
  readonly name: string;
  /** How many sessions of each. */
  readonly pools: Readonly<Record<string, number>>;
  readonly home?: string;
}

/** What a scripted agent asks, and after which other questions were answered. */
export interface ScriptedAsk extends Pick<Ask, 'id' | 'kind' | 'what'> {
  readonly after?: readonly string[];
}

type Answer = Script | ((times: number) => Script);

/**
 * A host whose world is a set of words. Every act adds a word and every undo removes it, so a test sees at the end
 * whether the world is as it was. What commands, agents and models answer is scripted by stage.
 */
export class FakeHost {
  readonly world = new Set<string>();
  /** Every act in the order it began: `run test`, `agent implement`, `undo unmerge`. */
  readonly acts: string[] = [];
  readonly prompts: DispatchInput[] = [];
  readonly modelCalls: CallModelInput[] = [];
  readonly settlements: SettleSlicesInput[] = [];
  readonly qualities: RecordQualityInput[] = [];
  readonly commands: RunCommandInput[] = [];
  /** Undos that are to fail this often before they work, by kind. */
  readonly brokenUndos = new Map<UndoAction['kind'], number>();
  /** Which pools are closed now. */
  closed: readonly ClosedPool[] = [];
  /** The session hosts; `serves` replaces the one there is at first. */
  sessionHosts: readonly FakeSessionHost[] = [new FakeSessionHost('host-a', { coder: 8 }, HOME, this)];
  private readonly asks = new Map<string, readonly ScriptedAsk[]>();
  private readonly scripts = new Map<string, Answer>();
  private readonly times = new Map<string, number>();

  /** Script a stage. Each answer may depend on how often the stage was done before. */
  on(stage: string, answer: Answer): this {
    this.scripts.set(stage, answer);
    return this;
  }

  /** What the agent of a stage asks in each of its turns. */
  asking(stage: string, asks: readonly ScriptedAsk[]): this {
    this.asks.set(stage, asks);
    return this;
  }

  asksOf(stage: string): readonly ScriptedAsk[] {
    return this.asks.get(stage) ?? [];
  }

  /** Serve pools of so many sessions, each host with its own. */
  serves(...hosts: ScriptedSessionHost[]): this {
    this.sessionHosts = hosts.map(({ name, pools, home = HOME }) => new FakeSessionHost(name, pools, home, this));
    return this;
  }

  get sessionHost(): FakeSessionHost {
    return this.sessionHosts[0]!;
  }

  activities(): Activities {
    return {
      prepareWorkspace: async ({ claim, ports }) => {
        this.do('workspace', `branch ${claim.branch}`);
        return {
          repository: claim.repo,
          path: `/worktrees/${claim.runId}`,
          branch: claim.branch,
          base: 'main',
          baseCommit: 'c0ffee',
          home: HOME,
          ports: Object.fromEntries(ports.map((name, index) => [name, 4000 + index])),
        };
      },
      prepareStageWorkspace: async ({ claim, workspace }) => {
        this.do(`stage-workspace ${claim.stage}`, `branch ${claim.branch}`);
        return { ...workspace, path: `${workspace.path}-${claim.stage}`, branch: claim.branch };
      },
      integrateStageWorkspace: async ({ claim }) => {
        this.acts.push(`integrate ${claim.stage}`);
        this.failIfScripted(`integrate ${claim.stage}`);
        this.world.delete(`branch ${claim.branch}`);
        return { commits: 1, head: 'beef' };
      },
      removeWorkspace: async ({ claim }) => {
        this.acts.push(`remove ${claim.branch}`);
        this.world.delete(`branch ${claim.branch}`);
        return { removed: true, branchKept: false };
      },
      mergeBranch: async ({ into, mergeId }) => {
        this.do(`merge ${into}`, `merge ${mergeId}`);
        return { into, before: 'c0ffee', after: 'beef', commits: 1 };
      },
      runCommand: async (input) => {
        this.commands.push(input);
        const stage = input.executionId.split('#')[0]!;
        this.do(`run ${stage}`, `ran ${stage}`);
        const script = await this.perform(stage);
        return {
          exitCode: script.exitCode ?? 0,
          timedOut: false,
          durationMs: 1,
          log: { inline: `${stage} says ${script.exitCode ?? 0}` },
          ...(script.output === undefined ? {} : { output: script.output }),
        };
      },
      awaitCheck: async ({ executionId, http }) => {
        const stage = executionId.split('#')[0]!;
        this.acts.push(`check ${stage}`);
        await this.perform(`check ${stage}`);
        return { looks: 1, durationMs: 1, saw: `${http ?? 'command'} ok` };
      },
      startService: async ({ name, releaseId }) => {
        this.do(`service ${name}`, `service ${releaseId}`);
        return { pid: 1, commit: 'beefbeefbeef' };
      },
      undo: async ({ action }) => this.undo(action),
      callModel: async (input) => {
        this.modelCalls.push(input);
        const asker = `${input.stage ?? input.id}${input.task === JUDGING ? ' judge' : ''}`;
        this.acts.push(`model ${asker}`);
        const script = await this.perform(asker);
        return {
          text: { inline: typeof script.output === 'string' ? script.output : JSON.stringify(script.output ?? 'fine') },
          asked: { provider: 'fake', model: 'fake-1' },
          provider: 'fake',
          model: 'fake-1',
          inputTokens: 10,
          outputTokens: 5,
          route: { by: 'asked for by name', reasons: [], findings: [], rejected: [] },
          ...(script.output === undefined ? {} : { output: script.output }),
          ...(script.costUsd === undefined ? {} : { costNano: toNano(script.costUsd) }),
          ...(script.slice === undefined ? {} : { slice: script.slice }),
        };
      },
      evaluateAnswer: async ({ answer, checks }) => ({ verdicts: await evaluate(excerpt(answer), checks) }),
      recordQuality: async (input) => void this.qualities.push(input),
      settleSlices: async (input) => {
        this.acts.push('settle');
        this.settlements.push(input);
      },
      loadPipeline: async ({ source, name }) => {
        const checked = checkPipeline(source, { name });
        if ('definition' in checked) return checked.definition;
        throw failure('Definition.Invalid', checked.problems.map((problem) => problem.message).join('; '));
      },
      awaitRun: async ({ project, run }) => {
        await this.perform(`after ${project}`);
        return { run: { project, runId: run ?? 'latest' }, output: { version: '1.2.3' } };
      },
      fenceDispatch: async () => {
        this.acts.push('fence');
        return { ended: [] };
      },
      publishBranch: async ({ workspace }) => {
        this.acts.push(`publish ${workspace.branch}`);
        await this.perform('publish');
        return { head: 'beef', dirty: false };
      },
      receiveWork: async ({ ref }) => {
        this.acts.push(`receive ${ref}`);
        return { commits: 1, head: 'beef' };
      },
      closedPools: async ({ pools }) => {
        this.acts.push(`closed? ${pools.join(' ')}`);
        return this.closed.filter(({ pool }) => pools.includes(pool));
      },
    };
  }

  /** How often an act was done. */
  count(act: string): number {
    return this.acts.filter((one) => one === act).length;
  }

  private do(act: string, effect: string): void {
    this.acts.push(act);
    this.world.add(effect);
  }

  /** Do as the script of the stage says. */
  async perform(stage: string): Promise<Script> {
    const times = (this.times.get(stage) ?? 0) + 1;
    this.times.set(stage, times);
    const answer = this.scripts.get(stage) ?? {};
    const script = typeof answer === 'function' ? answer(times) : answer;
    const { until } = script;
    if (until !== undefined) {
      await withHeartbeat(
        () => ({ stage }),
        () => Promise.race([until, Context.current().cancelled]),
      );
    }
    if (script.fail !== undefined) {
      const { type, message = `${stage} fails`, retryAfterMs, details } = script.fail;
      throw failure(type, message, retryAfterMs, details);
    }
    return script;
  }

  private failIfScripted(what: string): void {
    const answer = this.scripts.get(what);
    const script = typeof answer === 'function' ? answer(this.count(what)) : answer;
    if (script?.fail !== undefined) throw failure(script.fail.type, script.fail.message ?? `${what} fails`);
  }

  private undo(action: UndoAction): { message: string } {
    this.acts.push(`undo ${action.kind}`);
    const left = this.brokenUndos.get(action.kind) ?? 0;
    if (left > 0) {
      this.brokenUndos.set(action.kind, left - 1);
      throw new Error(`${action.kind} is broken`);
    }
    switch (action.kind) {
      case 'remove-workspace':
        this.world.delete(`branch ${action.workspace.branch}`);
        break;
      case 'unmerge':
        this.world.delete(`merge ${action.mergeId}`);
        break;
      case 'stop-service':
        this.world.delete(`service ${action.releaseId}`);
        break;
      case 'command':
        this.world.delete(`ran ${action.command.replace('undo ', '')}`);
        break;
    }
    return { message: 'done' };
  }
}

function failure(
  type: ErrorType,
  message: string,
  retryAfterMs?: number,
  details?: FailureDetails | ModelFailure,
): ApplicationFailure {
  return ApplicationFailure.create({
    type,
    message,
    ...(details === undefined ? {} : { details: [details] }),
    ...(retryAfterMs === undefined ? {} : { nextRetryDelay: retryAfterMs }),
  });
}
