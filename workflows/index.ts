// The only list of what workers bundle. The exported names are wire format: never rename one.
export { pipelineRun } from './pipeline/pipeline-run';
export { budgetLedger } from './budgets/budget-ledger';
export { providerBreaker } from './breakers/provider-breaker';
export { sessionHost } from './hosts/session-host';
export { modelProfiles } from './profiles/model-profiles';
export { modelCall } from './models/model-call';
export { modelTask } from './tasks/model-task';
