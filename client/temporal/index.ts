export { Temporal, waitUntilServing } from './temporal';
export { NoWorkerError } from './translate';
export type { Execution } from './runs';
export type { Host } from './hosts';
export type { ModelCallEnd, ModelCallStanding } from './model-calls';
export type { WaitingPrompt } from './queues';
export type { RunExecution } from './run-execution';
