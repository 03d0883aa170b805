import type { AgentRecord } from './agent-record';

/** A session as one prompt sees it: where an agent is, or will be. */
export interface Slot {
  /** What terminals of its agents are called. */
  readonly terminal: string;
  /** The session's own directory: for prompts without a workspace. */
  readonly directory: string;
  /** The agent that is up in it. */
  current(): Promise<AgentRecord | undefined>;
  /** From now on this agent is the session's. The one before it is ended first: there is one terminal. */
  occupy(agent: AgentRecord): Promise<void>;
  /** The session has no agent any more. */
  vacate(agentId: string): Promise<void>;
}
