import { ApplicationFailure, log, setHandler } from '@temporalio/workflow';
import {
  breakerQuery,
  isolateUpdate,
  reportSignal,
  resetUpdate,
  takeProbeUpdate,
  type ProbeAnswer,
  type ProbeRequest,
} from '../../contracts/breakers';
import { REFUSED, type Answer, type RequestMessage } from '../../contracts/messages';
import { LEASE_BOUNDS_MS, hear, isolate, reset, standingOf, takeProbe } from './breaker';
import type { BreakerContext } from './breaker-context';
import { readReport } from './read-report';

const REQUEST_FORM = '{"who": "your name", "comment": "optional"}';

/** What workers tell and ask a breaker, and what people may do with it. */
export function listen(context: BreakerContext): void {
  setHandler(breakerQuery, () => context.breaker, { description: 'All that the breaker knows' });
  setHandler(reportSignal, (sent: unknown) => heard(context, sent), {
    description: 'how a call of the provider went; workers send it',
  });
  setHandler(takeProbeUpdate, (request) => probe(context, request), {
    description: 'try a half-open provider; one caller at a time is told yes; send {"who": "your name"}',
    validator: ({ who, leaseMs }: ProbeRequest) => {
      refuseNobody(who);
      if (leaseMs !== undefined && !isLease(leaseMs)) refuse(LEASE_SENTENCE);
    },
  });
  setHandler(isolateUpdate, (request) => isolated(context, request), {
    description: `send nothing to the provider until somebody resets its breaker; send ${REQUEST_FORM}`,
    validator: ({ who }: RequestMessage) => {
      refuseNobody(who);
      const { state, why } = context.breaker;
      if (state === 'isolated') refuse(`The provider is isolated already: ${why ?? 'nobody said why'}.`);
    },
  });
  setHandler(resetUpdate, (request) => wasReset(context, request), {
    description: `close the breaker and forget its failures; send ${REQUEST_FORM}`,
    validator: ({ who }: RequestMessage) => {
      refuseNobody(who);
      const { state, failures } = context.breaker;
      if (state === 'closed' && failures === 0) refuse('The breaker is closed; there is nothing to reset.');
    },
  });
}

function heard(context: BreakerContext, sent: unknown): void {
  const report = readReport(sent);
  if (report === undefined) return log.warn('a report that is none was passed over');
  context.apply(hear(context.breaker, report, Date.now(), context.limits));
}

function probe(context: BreakerContext, request: ProbeRequest): ProbeAnswer {
  const { breaker, granted } = takeProbe(context.breaker, request, Date.now(), context.limits);
  context.apply(breaker);
  return { granted, standing: standingOf(breaker) };
}

function isolated(context: BreakerContext, request: RequestMessage): Answer {
  context.apply(isolate(context.breaker, request, Date.now()));
  log.info('isolated', { who: request.who });
  return { message: `Nothing is sent to ${context.input.provider} until somebody resets its breaker.` };
}

function wasReset(context: BreakerContext, { who }: RequestMessage): Answer {
  const { state } = context.breaker;
  context.apply(reset(context.breaker, Date.now()));
  log.info('reset', { who });
  const { provider } = context.input;
  if (state === 'closed') return { message: `The breaker of ${provider} is closed, and its failures are forgotten.` };
  return { message: `The breaker of ${provider} was ${state} and is closed.` };
}

const LEASE_SENTENCE = `A probe's lease is between ${LEASE_BOUNDS_MS.shortest} and ${LEASE_BOUNDS_MS.longest} ms.`;

function isLease(leaseMs: unknown): boolean {
  return (
    typeof leaseMs === 'number' && leaseMs >= LEASE_BOUNDS_MS.shortest && leaseMs <= LEASE_BOUNDS_MS.longest // not NaN
  );
}

function refuseNobody(who: unknown): void {
  if (typeof who !== 'string' || who.trim() === '') refuse('A request needs a name: set "who".');
}

function refuse(reason: string): never {
  throw ApplicationFailure.create({ type: REFUSED, message: reason, nonRetryable: true });
}
