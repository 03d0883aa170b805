// The only list of what workers bundle. The exported names are wire format: never rename one.
export { pipelineRun } from './pipeline/pipeline-run';
export { providerBreaker } from './breakers/provider-breaker';
export { sessionHost } from './hosts/session-host';
