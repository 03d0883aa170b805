import { setCurrentDetails } from '@temporalio/workflow';
import type { HostLogEntry, SessionHostInput, SessionHostLimits, SessionHostResult } from '../../contracts/messages';
import type { ControlInput } from '../../contracts/sessions';
import { detailsOf } from './details';

/** Commands that are kept for people to look at. */
const REMEMBERED = 50;

const DEFAULT_LIMITS: SessionHostLimits = {
  unseenMs: 86_400_000,
  takenMs: 10_000,
  answerMs: 15_000,
  historyEvents: 2_000,
};

/** One execution of a host's workflow: the commands given so far, and whether the host is gone. */
export class HostContext {
  readonly limits: SessionHostLimits;
  ended: SessionHostResult | undefined;
  /** Commands that the host has not answered. */
  atWork = 0;
  log: readonly HostLogEntry[];

  constructor(readonly input: SessionHostInput) {
    this.limits = { ...DEFAULT_LIMITS, ...input.limits };
    this.log = input.log ?? [];
    this.publish();
  }

  end(result: SessionHostResult): void {
    this.ended = result;
  }

  /** Keep a command that was given; call the answer with what came of it. */
  begin(command: ControlInput): (answer: NonNullable<HostLogEntry['answer']>) => void {
    const entry: HostLogEntry = { ...command, at: Date.now() };
    this.log = [...this.log, entry].slice(-REMEMBERED);
    this.atWork += 1;
    this.publish();
    return (answer) => {
      this.log = this.log.map((one) => (one === entry ? { ...entry, answer } : one));
      this.atWork -= 1;
      this.publish();
    };
  }

  private publish(): void {
    setCurrentDetails(detailsOf(this.input.host, this.log));
  }
}
