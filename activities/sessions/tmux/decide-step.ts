import type { Box } from './prompt-box';

// D1. Text is typed only into a box that is seen empty, and never again once Enter may have been pressed.
// D2. Enter is pressed only while our text, whole and alone, is seen in the box.
// D3. While a person is at the terminal nothing is pressed, and no time passes.
// D4. Giving up says what is known: the text never left the box, or nobody can tell.

/** What is known when the next key is decided on. Counts are of all attempts, times of this one. */
export interface TypingFacts {
  readonly held: boolean;
  readonly ready: boolean;
  readonly box: Box;
  readonly pastes: number;
  readonly enters: number;
  readonly clears: number;
  /** Since the last key of this attempt, or since it came. */
  readonly sinceKeyMs: number;
  /** Since this attempt came, or since the first key, without the time it was held. */
  readonly waitedMs: number;
  /** Does the agent itself report that it took a prompt? Otherwise that the text left the box must do. */
  readonly reportsAcceptance: boolean;
}

export interface TypingLimits {
  readonly readyMs: number;
  readonly acceptMs: number;
}

export type Step =
  | { readonly do: 'paste' | 'enter' | 'clear' | 'accepted' }
  | { readonly do: 'wait'; readonly why: string }
  | { readonly do: 'give-up'; readonly as: 'not-ready' | 'not-accepted' | 'unknown' };

/** An Enter may be swallowed while the agent is busy with itself. */
const ENTER_AGAIN_MS = 2_000;
/** A text that was typed may take this long to appear. */
const APPEAR_MS = 5_000;
const MAX_PASTES = 3;
const MAX_CLEARS = 3;

export function decideStep(facts: TypingFacts, limits: TypingLimits): Step {
  if (facts.held) return { do: 'wait', why: 'held: a person is at the terminal' };
  if (facts.enters > 0) return afterEnter(facts, limits);
  if (facts.pastes > 0) return afterPaste(facts, limits);
  if (facts.ready && facts.box === 'empty') return { do: 'paste' };
  if (facts.waitedMs >= limits.readyMs) return { do: 'give-up', as: 'not-ready' };
  return { do: 'wait', why: 'waits for the agent to be ready' };
}

function afterPaste(facts: TypingFacts, limits: TypingLimits): Step {
  if (facts.box === 'ours') return { do: 'enter' };
  // Without an Enter nothing was submitted, whatever happened to the text.
  if (facts.waitedMs >= limits.acceptMs) return { do: 'give-up', as: 'not-accepted' };
  if (facts.sinceKeyMs >= APPEAR_MS) {
    if (facts.box === 'empty' && facts.pastes < MAX_PASTES) return { do: 'paste' };
    if (facts.box === 'other' && facts.clears < MAX_CLEARS) return { do: 'clear' };
  }
  return { do: 'wait', why: 'waits for the text to appear' };
}

function afterEnter(facts: TypingFacts, limits: TypingLimits): Step {
  if (!facts.reportsAcceptance && facts.box !== 'ours') return { do: 'accepted' };
  const stands = facts.box === 'ours';
  if (facts.waitedMs >= limits.acceptMs) return { do: 'give-up', as: stands ? 'not-accepted' : 'unknown' };
  if (stands && facts.sinceKeyMs >= ENTER_AGAIN_MS) return { do: 'enter' };
  return { do: 'wait', why: 'waits for the agent to take the prompt' };
}
