import { formatDuration } from '../../contracts/duration';
import {
  modelCallWorkflowId,
  type ModelCallLine,
  type ModelCallResult,
  type ModelCallView,
} from '../../contracts/model-call';
import { candidateKey } from '../../contracts/models';
import { formatMoney, toDollars } from '../../contracts/money';
import { readText } from '../artifacts';
import { FailedError, ServiceError } from '../faults';
import { LiveText, type Piece } from '../models/live-text';
import type { ModelCallEnd, ModelCallStanding } from '../temporal';
import type { Cli } from './cli';
import { tokenCount } from './render/figures';
import { harmless, harmlessLines } from './render/paint';
import { pause } from './wait';

const LOOK_MS = 300;
const NEWS: ReadonlySet<string> = new Set(['model.failed', 'model.waits', 'model.lost']);

/** Follow a question to its end: the answer goes to standard output, how it came about beside it. Fails: FailedError. */
export async function followCall(cli: Cli, id: string, stream: boolean): Promise<void> {
  const live = new LiveText();
  const ended = await untilEnded(cli, id, ({ call }) => {
    if (stream && call !== undefined) print(cli, live.hear(call.id, call.progress));
  });
  const end = await (await cli.temporal()).modelCalls.end(id);
  if ('failure' in end) throw failed(id, end);
  const { result } = end;
  const { text, whole } = await readText(cli.home, result.text);
  for (const line of untold(result.trail, ended.told)) cli.note(line);
  const tookMs = (ended.closedAt ?? Date.now()) - ended.startedAt;
  if (stream) print(cli, { ...live.end(text) });
  if (stream) cli.io.stdout.write('\n');
  else cli.answer(answerOf(id, result, text, tookMs), harmlessLines(text));
  if (!whole) cli.note('Only its beginning and end are known here: the whole text is with the worker that asked.');
  for (const line of linesOf(result, tookMs)) cli.note(line);
}

async function untilEnded(
  cli: Cli,
  id: string,
  hear: (standing: ModelCallStanding) => void,
): Promise<ModelCallStanding & { readonly told: number }> {
  const temporal = await cli.temporal();
  let trouble = '';
  let told = 0;
  for (;;) {
    try {
      const standing = await temporal.modelCalls.look(id);
      hear(standing);
      if (!standing.open) return { ...standing, told };
      if (standing.call === undefined) told = tellWhy(cli, await temporal.modelCalls.view(id), told);
      trouble = '';
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      if (error.message !== trouble) cli.note(error.message);
      trouble = error.message;
    }
    await pause(LOOK_MS, cli.io.signal);
  }
}

/** While nobody is asked: what went wrong and what is waited for, each line once. Gives the time of the last one. */
function tellWhy(cli: Cli, { trail }: ModelCallView, since: number): number {
  const news = newsIn(trail, since);
  for (const line of news) cli.note(wordsOf(line));
  return news.at(-1)?.at ?? since;
}

/** What went wrong while nobody looked. A wait that is over is no news. */
function untold(trail: readonly ModelCallLine[], since: number): string[] {
  return newsIn(trail, since).flatMap((line) => (line.what === 'model.waits' ? [] : [wordsOf(line)]));
}

function newsIn(trail: readonly ModelCallLine[], since: number): readonly ModelCallLine[] {
  return trail.filter(({ at, what }) => at > since && NEWS.has(what));
}

function wordsOf({ what, text }: ModelCallLine): string {
  return harmless(what === 'model.waits' ? `Waiting ${text}` : text);
}

function print(cli: Cli, { anew, text }: Piece): void {
  if (anew) {
    cli.io.stdout.write('\n');
    cli.note('That answer broke off; this is another one.');
  }
  cli.io.stdout.write(harmlessLines(text));
}

function failed(id: string, { failure, view }: Extract<ModelCallEnd, { readonly failure: unknown }>): FailedError {
  const story =
    newsIn(view?.trail ?? [], 0).length === 0
      ? ''
      : ` The whole story is in the Web UI, under ${modelCallWorkflowId(id)}.`;
  const beside = view?.besideNano === undefined ? '' : ` ${formatMoney(view.besideNano)} counts as spent.`;
  return new FailedError(`${failure.type}: ${harmless(failure.message)}${beside}${story}`);
}

function answerOf(id: string, result: ModelCallResult, text: string, tookMs: number): object {
  const { costNano, besideNano, text: _text, trail: _trail, ...rest } = result;
  const cost = costNano === undefined ? {} : { costUsd: toDollars(costNano), costNano };
  const beside = besideNano === undefined ? {} : { besideUsd: toDollars(besideNano), besideNano };
  return { id, workflowId: modelCallWorkflowId(id), answer: text, ...rest, ...cost, ...beside, tookMs };
}

function linesOf(result: ModelCallResult, ms: number): string[] {
  const { provider, model, route, inputTokens, outputTokens, costNano, besideNano, calls } = result;
  // What policies found has lines of its own.
  const reasons = route.reasons.filter((reason) => !reason.startsWith('told only: '));
  const because = reasons.length === 0 ? '' : `: ${reasons.join(', ')}`;
  const figures = [
    tokenCount(inputTokens + outputTokens),
    costNano === undefined ? 'cost unknown' : formatMoney(costNano),
    formatDuration(ms),
    ...(calls === 1 ? [] : [`${calls} calls`]),
    ...(besideNano === undefined ? [] : [`${formatMoney(besideNano)} more counts for calls without an answer`]),
  ];
  return [
    ...(route.overBudget === undefined ? [] : [harmless(route.overBudget)]),
    ...route.findings.map((one) =>
      harmless(`policy ${one.policy} (${one.mode}): ${candidateKey(one)}: ${one.message}`),
    ),
    harmless(`${candidateKey({ provider, model })} by ${route.by}${because}`),
    figures.join(' · '),
  ];
}
