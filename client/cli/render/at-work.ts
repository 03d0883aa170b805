import type { AtWork } from '../../runs/at-work';
import { harmless, type Paint } from './paint';

/** What a stage at work says now, who does it, and how to look over the agent's shoulder. */
export function renderAtWork({ says, worker, doing, attach }: AtWork, paint: Paint): string {
  const said = (says ?? '').trimEnd();
  const who = worker === undefined ? 'Waits for a worker.' : `At work on ${harmless(worker)}`;
  return [
    ...(said === '' ? [] : said.split('\n').map(harmless)),
    paint.dim(doing === undefined ? who : `${who}: ${harmless(doing)}`),
    ...(attach === undefined ? [] : [`Attach on that host with ${paint.cyan(harmless(attach))}`]),
  ].join('\n');
}
