export { Temporal, waitUntilServing } from './temporal';
export { NoWorkerError } from './translate';
export type { Execution, PendingActivity } from './runs';
export type { RunExecution, RunFilter } from './run-execution';
