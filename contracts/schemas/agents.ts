import { z } from 'zod';
import { NAME_PATTERN } from '../ids';

// What an operator says about the agents of a host. Read by the worker, never by a pipeline file.

const pattern = z.string().refine(isPattern, 'must be a regular expression');
const variable = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of an environment variable');
const command = z.tuple([z.string().min(1)], z.string());
const milliseconds = z.int().min(1);

const SIZE_RULE = 'must be a count or a range such as 3 or 2..5';
const poolSize = z
  .union([z.int().min(1, SIZE_RULE).max(64, SIZE_RULE), z.string().regex(/^\d{1,2}\.\.\d{1,2}$/, SIZE_RULE)], {
    error: SIZE_RULE,
  })
  .transform((size) => {
    const [min = 0, max = min] = String(size).split('..').map(Number);
    return { min, max };
  })
  .refine(({ min, max }) => min <= max && max >= 1 && max <= 64, 'must be a range such as 2..5, with 64 at most')
  .meta({ description: 'How many sessions it has: 3, or 2..5 to start more when prompts wait' });

const common = {
  sessions: poolSize.default({ min: 0, max: 1 }),
  provider: z.string().min(1).optional().meta({ description: 'Whose usage limits it shares; its kind unless said' }),
  'idle-stop-ms': milliseconds.default(600_000).meta({ description: 'Sessions above the least are stopped when idle' }),
  'free-memory-mb': z
    .int()
    .min(0)
    .default(1024)
    .meta({ description: 'No further agent is started while the host has less memory free than this' }),
  env: z.array(variable).default([]).meta({ description: "Names of the worker's variables the agent may see" }),
  set: z.record(variable, z.string()).default({}).meta({ description: 'Variables it is given besides' }),
  'ready-ms': milliseconds.default(60_000).meta({ description: 'How long it may take to show an empty prompt box' }),
  'accept-ms': milliseconds.default(30_000).meta({ description: 'How long it may take to take a typed prompt' }),
  'grace-ms': milliseconds.default(3_000).meta({ description: 'From SIGTERM to SIGKILL' }),
};
const backend = z.enum(['tmux', 'headless']);
const model = z.string().optional();

/** Any program: what its terminal looks like is configuration, and trusted less than events. */
const generic = z.strictObject({
  kind: z.literal('generic'),
  command,
  backend: backend.default('tmux'),
  ...common,
  ready: z.enum(['event', 'screen']).default('screen').meta({ description: 'What says that it takes a prompt' }),
  box: pattern.default('^[›❯>] ?').meta({ description: 'How the line of its prompt box starts' }),
  accepted: z.enum(['event', 'screen']).default('event'),
  finished: z
    .union([
      z.enum(['event', 'exit']),
      z.strictObject({ line: pattern }).meta({ description: 'A line on the screen' }),
      z.strictObject({ 'quiet-ms': milliseconds }).meta({ description: 'No output for this long' }),
    ])
    .default('event'),
  interrupt: z.enum(['Escape', 'C-c']).default('C-c'),
  resume: z
    .array(z.string())
    .optional()
    .meta({ description: 'Added to the command to go on in the conversation {id}; it cannot without' }),
  dialog: pattern.optional().meta({ description: 'A line of a question on its screen that only a person may answer' }),
});

const offline = z.strictObject({
  kind: z.literal('offline'),
  command: command.optional(),
  backend: backend.default('tmux'),
  ...common,
});
const permissions = z.enum(['bypass', 'ask']).default('bypass').meta({
  description: 'bypass: it may do anything its user may; ask: what it wants to do becomes a question to people',
});
const answer = milliseconds
  .max(7 * 86_400_000)
  .default(86_400_000)
  .meta({ description: 'How long it waits for an answer before it takes it for a no' });

const claude = z.strictObject({
  kind: z.literal('claude'),
  command: command.default(['claude']),
  backend: backend.default('tmux'),
  model,
  permissions,
  'answer-ms': answer,
  ...common,
});
const codex = z.strictObject({
  kind: z.literal('codex'),
  command: command.default(['codex']),
  backend: backend.default('tmux'),
  model,
  permissions,
  'answer-ms': answer,
  ...common,
});

export const agentConfig = z.discriminatedUnion('kind', [generic, offline, claude, codex]);

/** `agents: { NAME: … }`: a pipeline's `agent:` names one of these. */
export const agentsConfig = z.record(z.string().regex(NAME_PATTERN), agentConfig);

export type AgentConfig = z.output<typeof agentConfig>;
export type AgentsConfig = z.output<typeof agentsConfig>;
export type GenericAgentConfig = z.output<typeof generic>;
export type ClaudeAgentConfig = z.output<typeof claude>;
export type CodexAgentConfig = z.output<typeof codex>;

function isPattern(text: string): boolean {
  try {
    new RegExp(text, 'u');
    return true;
  } catch {
    return false;
  }
}
