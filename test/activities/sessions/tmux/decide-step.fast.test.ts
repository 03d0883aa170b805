import fc from 'fast-check';
import { decideStep, type Step, type TypingFacts } from '../../../../activities/sessions/tmux/decide-step';
import type { Box } from '../../../../activities/sessions/tmux/prompt-box';

const limits = { readyMs: 60_000, acceptMs: 30_000 };
const ready: TypingFacts = {
  held: false,
  ready: true,
  box: 'empty',
  pastes: 0,
  enters: 0,
  clears: 0,
  sinceKeyMs: 0,
  waitedMs: 0,
  reportsAcceptance: true,
};
const decide = (facts: Partial<TypingFacts>) => decideStep({ ...ready, ...facts }, limits).do;

const facts = fc.record<TypingFacts>({
  held: fc.boolean(),
  ready: fc.boolean(),
  box: fc.constantFrom<Box>('empty', 'ours', 'other', 'unseen'),
  pastes: fc.nat(5),
  enters: fc.nat(5),
  clears: fc.nat(5),
  sinceKeyMs: fc.nat(100_000),
  waitedMs: fc.nat(100_000),
  reportsAcceptance: fc.boolean(),
});
const always = (rule: (facts: TypingFacts, step: Step) => boolean) =>
  fc.property(facts, (known) => rule(known, decideStep(known, limits)));

describe('whatever is known', () => {
  it.each([
    ['text is typed only into an empty box', always(({ box }, step) => step.do !== 'paste' || box === 'empty')],
    [
      'text is not typed once Enter may have been pressed',
      always(({ enters }, step) => step.do !== 'paste' || enters === 0),
    ],
    [
      'Enter is pressed only while our text stands in the box',
      always(({ box }, step) => step.do !== 'enter' || box === 'ours'),
    ],
    ['nothing is pressed or given up while a person is there', always(({ held }, step) => !held || step.do === 'wait')],
    ['what a person may have typed is not cleared', always(({ pastes }, step) => step.do !== 'clear' || pastes > 0)],
    [
      'nobody says that nothing was submitted who cannot know',
      always(
        ({ enters, box }, step) => step.do !== 'give-up' || step.as === 'unknown' || enters === 0 || box === 'ours',
      ),
    ],
    [
      'there is an end to waiting',
      always((known, step) => known.held || known.waitedMs < limits.readyMs || step.do !== 'wait'),
    ],
  ])('%s', (_, property) => {
    fc.assert(property, { numRuns: 1_000 });
  });
});

describe('typing a prompt', () => {
  it.each<[string, Partial<TypingFacts>, Step['do']]>([
    ['types into an empty box once the agent is ready', {}, 'paste'],
    ['waits for the agent', { ready: false }, 'wait'],
    ['leaves alone what stands in the box already', { box: 'other' }, 'wait'],
    ['presses Enter when the text is seen', { pastes: 1, box: 'ours' }, 'enter'],
    ['waits for the text to appear', { pastes: 1, sinceKeyMs: 1_000 }, 'wait'],
    ['types again when it does not', { pastes: 1, sinceKeyMs: 6_000 }, 'paste'],
    ['clears the box when the text is in it twice', { pastes: 2, box: 'other', sinceKeyMs: 6_000 }, 'clear'],
    ['gives Enter time', { pastes: 1, enters: 1, box: 'ours', sinceKeyMs: 500 }, 'wait'],
    [
      'presses Enter again while the text still stands',
      { pastes: 1, enters: 1, box: 'ours', sinceKeyMs: 3_000 },
      'enter',
    ],
    ['waits when the text has left the box', { pastes: 1, enters: 1, sinceKeyMs: 9_000, waitedMs: 9_000 }, 'wait'],
    [
      'takes the empty box for acceptance only where nothing better is told',
      { enters: 1, reportsAcceptance: false },
      'accepted',
    ],
  ])('%s', (_, known, step) => {
    expect(decide(known)).toBe(step);
  });
});
