import { formatMoney } from '../../contracts/money';
import type { TaskInput } from '../../contracts/tasks/task';
import type { TaskView } from '../../contracts/tasks/view';

/** How the task stands, in Markdown for the Web UI. */
export function detailsOf({ task, expiresAt }: TaskInput, view: TaskView, inFlight: number): string {
  const { status, counts, spent, outcome } = view;
  const unconfirmed = spent.unconfirmedNano === 0 ? '' : `, of it ${formatMoney(spent.unconfirmedNano)} unconfirmed`;
  return [
    `## ${task.id}: ${status}`,
    '',
    `- **done**: ${counts.completed + counts.failed} of ${counts.total}, ${counts.failed} failed`,
    `- **in flight**: ${inFlight} activities`,
    `- **cost**: ${formatMoney(spent.costNano)}${unconfirmed}`,
    `- **expires at**: ${new Date(expiresAt).toISOString()}`,
    ...(outcome?.failure ? [`- **failure**: ${outcome.failure.type}: ${outcome.failure.message}`] : []),
  ].join('\n');
}
