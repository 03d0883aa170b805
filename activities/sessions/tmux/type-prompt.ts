import { setTimeout as sleep } from 'node:timers/promises';
import { failure } from '../../failure';
import type { Control, Dispatch, TurnWatch } from '../session-backend';
import { isOver, type TurnState } from '../turn-state';
import { decideStep, type Step, type TypingFacts } from './decide-step';
import { leaveCopyMode, lookAtPane, pasteText, pressKeys, type Pane } from './pane';
import { readBox, type Box } from './prompt-box';
import { TmuxError, type TmuxServer } from './tmux-server';

const LOOK_MS = 150;
/** A screen that is this long the same is taken to be drawn. */
const STABLE_LOOKS = 4;
/** An agent that gets its Enter mostly says at once that it took the prompt. */
const TAKES_MS = 30;

export interface Typing {
  readonly server: TmuxServer;
  readonly dispatch: Dispatch;
  readonly text: string;
  readonly watch: TurnWatch;
  readonly control: Control;
}

interface Look {
  readonly pane: Pane;
  readonly box: Box;
  readonly screen: string;
  /** A question of the program itself stands there: nothing may be typed into that. */
  readonly dialog?: string;
}

/**
 * Bring a text into an agent's prompt box and submit it, looking before every key. Resolves once the agent took it
 * or the turn is over. Fails: Agent.NotReady, Agent.NotAccepted, Agent.OutcomeUnknown.
 */
export async function typePrompt(typing: Typing): Promise<void> {
  const { dispatch, watch, control } = typing;
  const { ledger, agent, limits } = dispatch;
  const clock = new TypingClock();
  let stable = 0;
  let lastScreen: string | undefined;
  let restMs = LOOK_MS;
  for (;;) {
    control.signal.throwIfAborted();
    const state = await watch.look();
    if (state.acceptances > 0 || isOver(state)) return;
    const seen = await lookAtBox(typing);
    if (seen) {
      stable = seen.screen === lastScreen ? stable + 1 : 0;
      lastScreen = seen.screen;
      clock.tick(isHeld(seen.pane));
      // One that was waiting has been drawn for long; whether its box is empty is looked at all the same.
      const drawn = dispatch.wasReady || isReady(state, agent.kind.terminal?.ready ?? 'screen', stable);
      const ready = drawn && seen.dialog === undefined;
      const step = decideStep(gatherFacts(seen, ready, clock, dispatch), limits);
      if (seen.box === 'ours') await ledger.record('pasted');
      if (ledger.count('enter') > 0 && seen.box !== 'ours') await ledger.record('submitted');
      const pressed = await take(step, seen, typing);
      if (pressed) clock.pressed();
      restMs = pressed && step.do === 'enter' ? TAKES_MS : LOOK_MS;
    }
    await sleep(restMs, undefined, { signal: control.signal });
  }
}

function gatherFacts(
  { pane, box }: Look,
  ready: boolean,
  clock: TypingClock,
  { ledger, agent }: Dispatch,
): TypingFacts {
  return {
    held: isHeld(pane),
    box,
    ready,
    pastes: ledger.count('paste'),
    enters: ledger.count('enter'),
    clears: ledger.count('clear'),
    sinceKeyMs: clock.sinceKeyMs,
    waitedMs: clock.waitedMs,
    reportsAcceptance: agent.kind.terminal?.accepted !== 'screen',
  };
}

/** Is a person there, or reading what scrolled away? */
function isHeld(pane: Pane): boolean {
  return pane.attached || pane.inCopyMode;
}

function isReady(state: TurnState, by: 'event' | 'screen', stable: number): boolean {
  return by === 'event' ? state.phase === 'ready' && stable > 0 : stable >= STABLE_LOOKS;
}

async function lookAtBox({ server, dispatch, text }: Typing): Promise<Look | undefined> {
  const { record, kind } = dispatch.agent;
  try {
    const seen = await lookAtPane(server, record.terminal, record.id);
    if (!seen) return undefined;
    const { pane, lines } = seen;
    if (pane.inCopyMode && !pane.attached) await leaveCopyMode(server, pane, record.id);
    const dialog = kind.terminal?.readDialog?.(lines);
    return {
      pane,
      box: readBox(lines, kind.terminal?.box ?? /^> ?/, text, kind.terminal?.placeholder),
      screen: lines.join('\n'),
      ...(dialog !== undefined && { dialog }),
    };
  } catch (error) {
    if (error instanceof TmuxError) return undefined; // the watch finds out whether it is gone
    throw error;
  }
}

/** Act on a decision; true when a key was pressed. */
async function take(step: Step, { pane, dialog }: Look, typing: Typing): Promise<boolean> {
  const { dispatch, watch, control } = typing;
  switch (step.do) {
    case 'wait':
      control.doing(dialog === undefined ? step.why : `stands at a question of its own: ${dialog}`);
      return false;
    case 'accepted':
      await watch.note({ kind: 'accepted' });
      return false;
    case 'give-up':
      throw giveUp(step.as, typing, dialog);
    case 'paste':
    case 'enter':
    case 'clear':
      if (!(await dispatch.holder.isCurrent())) throw new Error('a newer attempt has taken this dispatch over');
      await dispatch.ledger.record(step.do);
      return press(step.do, pane, typing);
  }
}

async function press(what: 'paste' | 'enter' | 'clear', pane: Pane, { server, dispatch, text }: Typing) {
  try {
    const { id } = dispatch.agent.record;
    if (what === 'paste') return await pasteText(server, pane, id, text);
    // One C-u clears one line of a box.
    return await pressKeys(server, pane, id, what === 'enter' ? ['Enter'] : Array<string>(8).fill('C-u'));
  } catch (error) {
    if (error instanceof TmuxError) return false; // the next look shows what came of it
    throw error;
  }
}

function giveUp(as: 'not-ready' | 'not-accepted' | 'unknown', { dispatch }: Typing, dialog: string | undefined) {
  const { readyMs, acceptMs } = dispatch.limits;
  const { session } = dispatch.ledger.claim;
  const stands = dialog === undefined ? '' : ` Its screen shows a question of its own: ${dialog}.`;
  switch (as) {
    case 'not-ready':
      return failure(
        'Agent.NotReady',
        `${session} showed no empty prompt box within ${readyMs / 1000} s.${stands} Start the agent by hand in its workspace: it may ask something first.`,
      );
    case 'not-accepted':
      return failure(
        'Agent.NotAccepted',
        `${session} did not take the prompt within ${acceptMs / 1000} s; it was not submitted.${stands} Try the agent by hand.`,
      );
    case 'unknown':
      return failure(
        'Agent.OutcomeUnknown',
        `The prompt left the box of ${session}, but the agent never said that it took it. ` +
          'It was stopped. Look at what it left in the workspace, then retry the stage.',
      );
  }
}

/** Time without the time that a person was there. */
class TypingClock {
  private last = Date.now();
  private keyAt = 0;
  private elapsed = 0;
  private waitingFrom = 0;
  private keys = 0;

  tick(held: boolean): void {
    const now = Date.now();
    if (!held) this.elapsed += now - this.last;
    this.last = now;
  }

  pressed(): void {
    this.keyAt = this.elapsed;
    if (this.keys === 0) this.waitingFrom = this.elapsed;
    this.keys += 1;
  }

  get sinceKeyMs(): number {
    return this.elapsed - this.keyAt;
  }

  get waitedMs(): number {
    return this.elapsed - this.waitingFrom;
  }
}
