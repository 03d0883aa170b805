import type { ModelCallInput, ModelCallView } from '../../contracts/model-call';
import type { CallModelResult } from '../../contracts/models';
import { formatMoney } from '../../contracts/money';
import { excerpt } from '../../contracts/text';

const SHOWN_CHARACTERS = 4_000;
const SHOWN_LINES = 20;

/** A question as the Web UI shows it: how it stands, what it cost, and what happened on the way. */
export function detailsOf(
  { prompt, task, model }: ModelCallInput,
  { calls, trail, besideNano }: ModelCallView,
  answer: CallModelResult | undefined,
): string {
  const asked = [task && `task ${task}`, model && `model ${model}`].filter(Boolean).join(', ');
  return [
    `## ${answer === undefined ? 'Asking' : 'Answered'}${asked === '' ? '' : ` (${asked})`}`,
    '',
    ...(answer === undefined ? [`- **calls**: ${calls}`] : factsOf(answer, calls)),
    ...(besideNano === undefined
      ? []
      : [`- **beside**: ${formatMoney(besideNano)} counts for calls without an answer`]),
    '',
    ...trail
      .slice(-SHOWN_LINES)
      .map(({ at, what, text }) => `- ${new Date(at).toISOString()} **${what}** ${oneLine(text, 400)}`),
    '',
    '### Question',
    quoted(prompt),
    ...(answer === undefined ? [] : ['', '### Answer', quoted(excerpt(answer.text))]),
  ].join('\n');
}

function factsOf({ provider, model, inputTokens, outputTokens, costNano, route }: CallModelResult, calls: number) {
  return [
    `- **by**: ${model} (${provider})`,
    `- **route**: ${oneLine([route.by, ...route.reasons].join(', '), 400)}`,
    `- **tokens**: ${inputTokens} in, ${outputTokens} out`,
    `- **cost**: ${costNano === undefined ? 'unknown' : formatMoney(costNano)}`,
    `- **calls**: ${calls}`,
  ];
}

function quoted(text: string): string {
  const shown = text.length <= SHOWN_CHARACTERS ? text : `${text.slice(0, SHOWN_CHARACTERS)}…`;
  return shown
    .split('\n')
    .map((line) => `> ${line}`)
    .join('\n');
}

function oneLine(text: string, limit: number): string {
  const line = text.replace(/\s+/g, ' ');
  return line.length <= limit ? line : `${line.slice(0, limit)}…`;
}
