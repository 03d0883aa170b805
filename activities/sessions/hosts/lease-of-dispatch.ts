import type { ApplicationFailure } from '@temporalio/common';
import type { DispatchInput } from '../../../contracts/activities';
import type { ProviderFailure, ProviderReport } from '../../../contracts/breakers';
import { isErrorType, type ErrorType } from '../../../contracts/errors';
import { failure, type FailureDetails } from '../../failure';
import type { Attempt } from '../../heartbeat';
import { isEnd, isRecorded } from '../dispatch/outcome';
import { readClaim } from '../dispatch/receipts';
import type { LiveSession } from './live-session';
import { providerOfAgent } from '../provider-of-agent';
import type { SessionHost } from './session-host';

/** What an agent's failure says of its provider; the others say nothing of it. */
const SAYS: Partial<Record<ErrorType, ProviderFailure['failure']>> = {
  'Provider.RateLimited': 'limit',
  'Provider.Quota': 'permanent',
  'Provider.Auth': 'permanent',
  'Provider.Overloaded': 'transient',
  'Provider.ServerError': 'transient',
  'Provider.Timeout': 'transient',
  'Provider.Network': 'transient',
};

/** Its agent did not come up, or is not what it should be: three in a row and the session gets no work. */
const SAYS_UNHEALTHY: ReadonlySet<string> = new Set<ErrorType>([
  'Agent.NotReady',
  'Agent.NotAccepted',
  'Agent.Unavailable',
]);

/**
 * The session of a dispatch. One that was begun before is gone on with as long as nobody else has the session, whether
 * its lease is remembered or not. Fails: Session.LeaseLost before anything was sent, Agent.Crashed after.
 */
export async function takeUp(host: SessionHost, input: DispatchInput, dir: string): Promise<LiveSession> {
  const session = host.session(input.lease.session);
  const isOurs = session?.record.lease?.id === input.lease.id;
  if (isOurs || (await readClaim(dir)) === undefined) return host.begin(input);
  const isFree = session !== undefined && session.record.lease === undefined;
  if (isFree || (session !== undefined && (await isRecorded(dir)))) return session;
  const message = `The session ${input.lease.session} of ${host.spec.host} was given to another prompt while nobody followed this one.`;
  throw failure('Agent.Crashed', `${message} Its agent was ended; a new attempt is safe.`);
}

/** Run an attempt, and end the lease when it is the end of the dispatch, whatever that is. */
export async function settleDispatch<T extends object>(
  host: SessionHost,
  input: DispatchInput,
  attempt: Attempt,
  work: () => Promise<T>,
): Promise<T> {
  const startedAt = Date.now();
  const provider = providerOfAgent(host.ports.agents, input.lease.agent);
  const { generation } = await host.ports.providers.standing(provider);
  try {
    const result = await work();
    if ('asks' in result) return result;
    host.noteTurn(input.lease.pool, Date.now() - startedAt);
    await ended(host, input, undefined);
    void tellProvider(host, provider, { id: input.dispatchId, at: Date.now(), outcome: 'success', generation });
    return result;
  } catch (error) {
    if (isEnd(error)) {
      const outcome = failureOf(error);
      // Before the session is free: whoever waits would only be turned away as well.
      if (outcome) await tellProvider(host, provider, { id: input.dispatchId, at: Date.now(), outcome, generation });
      await ended(host, input, error);
    } else if (attempt.signal.aborted && attempt.stopRequested()) {
      await host.release(input.lease.id);
    }
    throw error;
  }
}

async function ended(
  host: SessionHost,
  { lease }: DispatchInput,
  error: ApplicationFailure | undefined,
): Promise<void> {
  const session = host.session(lease.session);
  if (session && error === undefined) await host.apply(session, { type: 'trusted' });
  if (session && error !== undefined && SAYS_UNHEALTHY.has(error.type ?? '')) {
    await host.apply(session, { type: 'failed', why: error.message });
  }
  await host.release(lease.id);
}

async function tellProvider(host: SessionHost, provider: string, report: ProviderReport): Promise<void> {
  const { outcome } = report;
  if (typeof outcome === 'object' && outcome.failure !== 'transient') closePools(host, provider, outcome.message);
  await host.ports.providers.report(provider, report).catch((error: unknown) => {
    host.ports.log.info('a breaker could not be told', { provider, report, error });
  });
}

/** Until the upkeep has asked the breaker again, which takes a moment. */
function closePools(host: SessionHost, provider: string, why: string): void {
  for (const pool of host.pools) {
    const agents = host.all.filter(({ record }) => record.pool === pool).map(({ record }) => record.agent);
    if (!agents.some((agent) => providerOfAgent(host.ports.agents, agent) === provider)) continue;
    host.stand(pool, { mayStart: false, ...host.standing(pool), allowance: 0, closed: { why } });
  }
}

function failureOf(error: ApplicationFailure): ProviderFailure | undefined {
  if (!isErrorType(error.type)) return undefined;
  const kind = SAYS[error.type];
  if (kind === undefined) return undefined;
  const { resetsAt } = (error.details?.[0] ?? {}) as FailureDetails;
  return { failure: kind, type: error.type, message: error.message, ...(resetsAt !== undefined && { resetsAt }) };
}
