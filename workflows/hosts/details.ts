import type { HostLogEntry } from '../../contracts/messages';

/** Temporal keeps 20,000 bytes of details. */
const LINES = 15;
const LINE_LENGTH = 300;

/** The latest commands, in Markdown for the Web UI, newest first. */
export function detailsOf(host: string, log: readonly HostLogEntry[]): string {
  const heading = [
    `## Sessions of ${host}`,
    '',
    'How they stand, and when the host was last seen, is in the heartbeat of its pending activity `serveSessions`.',
  ];
  if (log.length === 0) return heading.join('\n');
  const lines = log.slice(-LINES).reverse().map(lineOf);
  return [...heading, '', '### Commands', '', ...lines].join('\n');
}

function lineOf(entry: HostLogEntry): string {
  const { at, who, action, targets, answer } = entry;
  const what = `${action} ${targets.length === 0 ? 'all' : targets.join(', ')}`;
  const line = `- ${new Date(at).toISOString()} **${who}**: ${what} → ${outcomeOf(answer)}`.replace(/\s+/g, ' ');
  return line.length <= LINE_LENGTH ? line : `${line.slice(0, LINE_LENGTH)}…`;
}

function outcomeOf(answer: HostLogEntry['answer']): string {
  if (answer === undefined) return 'at work';
  if ('failure' in answer) return answer.failure;
  const { done, refused } = answer;
  const parts = [
    ...(done.length === 0 ? [] : [`done: ${done.join(', ')}`]),
    ...(refused.length === 0 ? [] : [`refused: ${refused.join('; ')}`]),
  ];
  return parts.length === 0 ? 'nothing to do' : parts.join('; ');
}
