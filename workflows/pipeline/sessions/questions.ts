import { ActivityFailure, CancellationScope, condition, isCancellation } from '@temporalio/workflow';
import type { AgentStage } from '../../../contracts/definition';
import { gateName } from '../../../contracts/ids';
import type { GateRecord } from '../../../contracts/run';
import type { Ask, Lease } from '../../../contracts/sessions';
import { askPeople } from '../ask-people';
import { describeOutcome, withdraw } from '../gates';
import type { Work } from '../stages/work-item';
import { hostOf } from './activities';

/** What an agent asks in one turn: each question is a gate of its own, and all of them end with the turn. */
export class Questions {
  private readonly scope = new CancellationScope();
  private readonly open = new Map<string, string>();
  private readonly told: string[] = [];
  private answering = 0;

  constructor(
    private readonly work: Work<AgentStage>,
    private readonly lease: Lease,
    private readonly dispatchId: string,
  ) {}

  /** Ids of all that was asked. */
  get asked(): readonly string[] {
    return [...this.told];
  }

  ask(question: Ask): void {
    const { run, key } = this.work;
    this.told.push(question.id);
    const gate = this.freeGate();
    this.open.set(gate, question.what);
    run.apply({ type: 'agent.asking', key, asking: true });
    void this.scope
      .run(() => this.decide(question, gate))
      .catch((error: unknown) => {
        if (!isCancellation(error)) run.crash ??= error;
        run.changed = true;
      });
  }

  /**
   * The turn is over, so nobody needs to answer any more.
   * @param answered The agent went on by itself: somebody answered it where it runs.
   */
  async end(answered: boolean): Promise<void> {
    this.scope.cancel();
    for (const gate of this.open.keys()) this.close(gate, answered);
    await CancellationScope.nonCancellable(() => condition(() => this.answering === 0));
  }

  private async decide(question: Ask, gate: string): Promise<void> {
    const { run, key, stage } = this.work;
    const decision = await askPeople(run, {
      key,
      gate,
      policy: stage.questions,
      message: wording(question, this.lease.agent),
      ask: `${this.dispatchId}/${question.id}`,
    });
    this.open.delete(gate);
    this.answering += 1;
    try {
      await CancellationScope.nonCancellable(() => this.answer(question, decision));
    } finally {
      this.answering -= 1;
      // Another question may be open, and the turn may be over.
      if (this.open.size === 0 && run.record(key).status === 'waiting') {
        run.apply({ type: 'agent.asking', key, asking: false });
      }
    }
  }

  private async answer(question: Ask, gate: GateRecord): Promise<void> {
    const { run, key } = this.work;
    const { lease, dispatchId } = this;
    const allow = gate.outcome === 'approved';
    const comments = gate.votes.flatMap(({ comment }) => (comment === undefined ? [] : [comment]));
    const { answerAgent } = hostOf(run, lease, `${key}: answer ${lease.agent}`, { startToCloseTimeout: 30_000 });
    try {
      const { answered } = await answerAgent({
        dispatchId,
        askId: question.id,
        session: lease.session,
        allow,
        ...(comments.length === 0 ? {} : { text: comments.join('\n') }),
      });
      const late = answered ? '' : '; it was answered before';
      const text = `${allow ? 'allowed' : 'refused'}: ${question.what}${late}`;
      run.apply({ type: 'audit', what: 'prompt.answered', who: deciders(gate), stage: key, text });
    } catch (error) {
      // The turn itself tells what became of its host.
      if (!(error instanceof ActivityFailure)) throw error;
    }
  }

  private close(gate: string, answered: boolean): void {
    const { run, key } = this.work;
    const record = run.state.gates[gate];
    this.open.delete(gate);
    if (record === undefined) return;
    const closed = withdraw(record, Date.now());
    run.apply(answered ? { type: 'gate.changed', gate: closed } : { type: 'gate.dropped', gate });
    const text = answered ? describeOutcome(closed) : 'not asked any more: the turn has ended';
    run.apply({ type: 'audit', what: 'gate.decided', who: 'gantry', stage: key, text });
  }

  private freeGate(): string {
    const { run, key } = this.work;
    for (let number = 1; ; number += 1) {
      const gate = gateName(key, number);
      const known = run.state.gates[gate];
      if (!this.open.has(gate) && (known === undefined || known.outcome !== undefined)) return gate;
    }
  }
}

function wording({ kind, what }: Ask, agent: string): string {
  return kind === 'permission' ? `${agent} asks: ${what}. Allow it?` : `${agent} asks: ${what} (answer with a comment)`;
}

function deciders(gate: GateRecord): string {
  return gate.decidedBy === 'votes' ? gate.votes.map(({ who }) => who).join(', ') : 'gantry';
}
