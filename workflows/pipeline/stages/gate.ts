import type { GateStage } from '../../../contracts/definition';
import { renderTemplate } from '../../../contracts/expressions';
import { askPeople } from '../ask-people';
import { fault } from '../fault';
import { describeOutcome } from '../gates';
import type { StageProduct } from '../run-events';
import type { Work } from './work-item';

/** People decide. A rejection is a failure of the stage, with the people's words as its evidence. */
export async function runGateStage({ run, key, stage }: Work<GateStage>): Promise<StageProduct> {
  const { gate: policy } = stage;
  const message = policy.message === undefined ? `${key}?` : renderTemplate(policy.message, run.scope(key));
  const gate = await askPeople(run, { key, gate: key, policy, message });
  const comments = gate.votes.flatMap((vote) => (vote.comment === undefined ? [] : [`${vote.who}: ${vote.comment}`]));
  if (gate.outcome === 'rejected') {
    throw fault('Gate.Rejected', `Gate "${key}" was ${describeOutcome(gate)}.`, { inline: comments.join('\n') });
  }
  return {
    output: { outcome: 'approved', by: gate.votes.map((vote) => vote.who), comments },
    by: gate.decidedBy === 'votes' ? gate.votes.map((vote) => vote.who).join(', ') : (gate.decidedBy ?? 'votes'),
    note: describeOutcome(gate),
  };
}
