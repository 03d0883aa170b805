import {
  ApplicationFailure,
  isGrpcServiceError,
  NamespaceNotFoundError,
  QueryNotRegisteredError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { REFUSED } from '../../contracts/messages';
import { Fault, NotFoundError, RefusedError, ServiceError, UserError } from '../faults';
import type { Target } from '../target';

/** gRPC status codes this module tells apart. */
const GRPC = {
  cancelled: 1,
  invalid: 3,
  deadline: 4,
  notFound: 5,
  denied: 7,
  precondition: 9,
  unavailable: 14,
  auth: 16,
};

const SEE_STATUS = 'See it with `gantry status`.';

/** Nobody polls the run's task queue, or whoever does is stuck. The run is safe; it only cannot be asked. */
export class NoWorkerError extends ServiceError {}

/** An SDK error as one of ours; what nobody foresaw stays as it is. */
export function translate(error: unknown, target: Target, needsWorker: boolean): unknown {
  if (error instanceof Fault) return error;
  if (error instanceof WorkflowUpdateFailedError) return updateFailure(error);
  if (error instanceof WorkflowNotFoundError)
    return new NotFoundError(`No such run, or it has ended: ${error.message}`);
  if (error instanceof WorkflowExecutionAlreadyStartedError) {
    return new RefusedError('A run with this id is there already.', SEE_STATUS);
  }
  if (error instanceof NamespaceNotFoundError) {
    return new UserError(
      `The server at ${target.address} has no namespace "${target.namespace}".`,
      `Make it with \`temporal operator namespace create -n ${target.namespace}\`, or name another with --namespace.`,
    );
  }
  const grpc = grpcCause(error);
  // A server that sees the deadline pass before we do resets the stream, which reads as cancelled; nobody here cancels.
  const late = grpc?.code === GRPC.deadline || grpc?.code === GRPC.cancelled;
  const waited = late || error instanceof WorkflowUpdateRPCTimeoutOrCancelledError;
  if (needsWorker && (waited || grpc?.code === GRPC.precondition)) return noWorker(target, grpc?.details, error);
  if (error instanceof QueryNotRegisteredError || grpc?.code === GRPC.invalid) return invalid(error, grpc?.details);
  const lost = [GRPC.unavailable, GRPC.deadline, GRPC.cancelled, GRPC.denied, GRPC.auth];
  if (grpc && lost.includes(grpc.code)) return unreachable(target, error, grpc.details);
  return error;
}

function updateFailure(error: WorkflowUpdateFailedError): unknown {
  const { cause } = error;
  return cause instanceof ApplicationFailure && cause.type === REFUSED
    ? new RefusedError(cause.message)
    : (cause ?? error);
}

function noWorker(target: Target, details: string | undefined, cause: unknown): NoWorkerError {
  return new NoWorkerError(
    `No worker answers on task queue "${target.taskQueue}". The run is safe and goes on when one is there.`,
    `Start one with \`gantry worker\` (or \`gantry dev\`)${details ? `; the server says: ${details}` : ''}.`,
    { cause },
  );
}

function invalid(error: unknown, details: string | undefined): unknown {
  const message = details ?? (error as Error).message;
  if (/nondeterminism/i.test(message)) {
    return new ServiceError(
      `The workers run other code than this run began with, and do not go on with it: ${message}`,
      'Start workers of the version it began with; `gantry replay RUN` shows where the two part.',
      { cause: error },
    );
  }
  if (!/search attribute/i.test(message)) return error;
  return new UserError(
    `The namespace lacks gantry's search attributes: ${message}`,
    'Register them with `gantry doctor --fix`.',
    { cause: error },
  );
}

export function unreachable(target: Target, cause: unknown, details?: string): ServiceError {
  return new ServiceError(
    `No Temporal server answers at ${target.address} (from ${target.source})${details ? `: ${details}` : '.'}`,
    'Start one with `gantry dev`, name yours with --address or TEMPORAL_ADDRESS, or the home of a running `gantry dev` with --home.',
    { cause },
  );
}

function grpcCause(error: unknown): { readonly code: number; readonly details: string } | undefined {
  for (let current = error; current instanceof Error; current = current.cause) {
    if (isGrpcServiceError(current)) return { code: current.code, details: current.details };
  }
  return undefined;
}
