import { percentEdits } from './percent-edit';
import { reviewDiff } from './review-diff';
import type { OfflineMessage } from './chat-wire';

/**
 * The script of the demo: it can plan, implement and review one feature of the calculator in examples/demo, and says
 * of everything else that it cannot. What is wanted is read from the request, as a model would have to.
 */
export function calculatorScript(messages: readonly OfflineMessage[]): string {
  const request = messages
    .filter(({ role }) => role !== 'assistant')
    .map(({ content }) => content)
    .join('\n\n');
  const wanted = answerWanted(request);
  if (wanted === 'review') return JSON.stringify(reviewDiff(request), null, 2);
  if (wanted === undefined || !isPercentFeature(request)) return HONEST;
  return JSON.stringify(wanted === 'plan' ? planFor(request) : editFor(request), null, 2);
}

const HONEST =
  'This is the offline model of gantry: a script, not a language model. It can plan, implement and review the percent ' +
  'key of the calculator in examples/demo, and nothing else. Set ANTHROPIC_API_KEY or OPENAI_API_KEY, or start Ollama, ' +
  'to ask a real model.';

/** The kind of answer asked for, told by the fields it is to have. */
function answerWanted(request: string): 'plan' | 'edit' | 'review' | undefined {
  const names = (...fields: string[]) => fields.every((field) => request.includes(`"${field}"`));
  if (names('edits', 'commit')) return 'edit';
  if (names('verdict', 'comments')) return 'review';
  return names('title', 'summary', 'files', 'risks') ? 'plan' : undefined;
}

function isPercentFeature(request: string): boolean {
  return /percent|%\s*key|`%`/i.test(request);
}

interface Plan {
  readonly title: string;
  readonly summary: string;
  readonly files: readonly string[];
  readonly risks: readonly string[];
}

function planFor(request: string): Plan {
  const fromKeyboard = /keyboard/i.test(request) ? ' from the page and the keyboard' : '';
  return {
    title: 'Add a percent key',
    summary:
      `A % key${fromKeyboard}: after + and − it takes a share of the first number (50 + 10 % is 55), otherwise a ` +
      'hundredth (50 % is 0.5). The rule goes into the pure logic, a button onto the page, and tests beside both.',
    files: ['public/calculator.mjs', 'public/index.html', 'test/percent-chain.test.mjs'],
    risks: [
      'A percentage counts as an entered number: an operator after it must calculate first (50 + 10 % + 1 is 56).',
      'The first row of the page has no free place: C becomes narrower.',
    ],
  };
}

interface EditAnswer {
  readonly edits: ReturnType<typeof percentEdits>;
  readonly commit: string;
  readonly say: string;
}

function editFor(request: string): EditAnswer {
  // A fixing turn shows the files as they are: what is done already must not be done twice.
  if (request.includes('function takePercent')) {
    const say = 'The percent key is there already. I am a script and cannot find out why it is not accepted.';
    return { edits: [], commit: '', say };
  }
  return {
    edits: percentEdits(),
    commit: 'Add a percent key',
    say: 'Added the % key: a share of the first number after + and −, a hundredth otherwise. Tests cover both.',
  };
}
