/** Workflows, and every activity but the agents' prompts. */
export const DEFAULT_TASK_QUEUE = 'gantry';

/** Prompts for agents of one kind wait here until a session is free: Temporal's task queue is the prompt queue. */
export function agentTaskQueue(base: string, agent: string): string {
  return `${base}-agent-${agent}`;
}
