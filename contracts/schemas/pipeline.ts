import { z } from 'zod';
import { NAME_PATTERN, RUN_ID_PATTERN } from '../ids';
import { DURATION_PATTERN, parseDuration } from '../duration';
import { FENCE_LANGUAGES } from '../evaluation';
import type { Shape } from '../shape';

// The grammar of a pipeline file. Every schema below reads what people write and gives what the engine uses:
// durations become milliseconds, a single name a list of one, a shorthand its long form.
// Only what one place can tell stands here. Rules that need more (which fields go together, cycles, expressions) live in
// contracts/pipeline, which also words what zod finds: a message below reads on from the name of its field.

const NAME_RULE = 'must start with a letter and hold only a-z, 0-9, - and _ (40 at most)';
const name = z.string({ error: NAME_RULE }).regex(NAME_PATTERN, NAME_RULE);

const MAX_DURATION_MS = 366 * 24 * 3_600_000;
const DURATION_RULE = 'must be a duration such as 30s, 5m or 1h30m';
const duration = z
  .string({ error: DURATION_RULE })
  .regex(DURATION_PATTERN, DURATION_RULE)
  .refine((text) => (parseDuration(text) ?? 0) <= MAX_DURATION_MS, 'must be at most 366d')
  .transform((text) => parseDuration(text) ?? 0)
  .meta({ description: 'A duration: 500ms, 30s, 5m, 1h30m, 2d' });

const count = (min: number, max: number) => {
  const rule = `must be a whole number between ${min} and ${max}`;
  return z.int({ error: rule }).min(min, rule).max(max, rule);
};

const oneOrMany = <T extends z.ZodType>(item: T) =>
  z.union([item, z.array(item)]).transform((value) => (Array.isArray(value) ? value : [value]) as z.output<T>[]);

const template = z.string().meta({ description: 'Text; {{ expression }} is replaced by its value' });
const expression = z.string().meta({ description: 'A CEL expression, such as stages.plan.output.risky == true' });

export const MODES = ['observe', 'fix_forward', 'auto_staging', 'auto_prod'] as const;
const mode = z.enum(MODES);
const backend = z.enum(['tmux', 'headless']);

const VARIABLE_RULE = 'must be the name of a variable: letters, digits and _';
const variable = z.string({ error: VARIABLE_RULE }).regex(/^[A-Za-z_][A-Za-z0-9_]*$/, VARIABLE_RULE);

const shape: z.ZodType<Shape> = z
  .lazy(() => z.union([z.string(), z.array(shape), z.record(z.string(), shape)]))
  .meta({
    id: 'Shape',
    description: 'string, number, integer, boolean, any, a | b, [shape] or { key: shape, key?: shape }',
  });

const retry = z
  .strictObject({
    attempts: count(1, 10).optional().meta({ description: 'How often in all a stage is tried' }),
    delay: duration.optional().meta({ description: 'Wait before the second try; doubled for each next' }),
  })
  .meta({ id: 'Retry' });

const check = z.strictObject({
  http: template.optional().meta({ description: 'An address that must answer with a 2xx status' }),
  contains: template.optional().meta({ description: 'Text the answer must hold' }),
  run: template.optional().meta({ description: 'A command that must end with exit code 0' }),
  for: duration.optional().meta({ description: 'Once it holds, it must hold this long; 0s unless said' }),
  every: duration.optional().meta({ description: 'Time between two looks; 1s unless said' }),
  within: duration.optional().meta({ description: 'It must hold for the first time within this; 1m unless said' }),
});

const people = oneOrMany(z.string().min(1, 'must not be empty'));

const gate = z.strictObject({
  message: template.optional().meta({ description: 'What the approvers are asked' }),
  approvers: people.default(['*']).meta({ description: 'Who may decide; * is anybody' }),
  min: count(1, 100).default(1).meta({ description: 'How many approvals open the gate' }),
  deadline: duration.optional().meta({ description: 'When on-timeout decides' }),
  remind: duration.optional().meta({ description: 'Remind the approvers at this interval' }),
  escalate: z
    .strictObject({ after: duration, to: people })
    .optional()
    .meta({ description: 'Who else may decide, from when' }),
  'on-timeout': z.enum(['approve', 'reject']).default('reject'),
  'open-in': oneOrMany(mode).default([]).meta({ description: 'Modes in which the gate opens by itself' }),
});

const conversation = z
  .enum(['keep', 'fresh'])
  .meta({ description: 'keep: another turn of the stage goes on in the conversation of the one before' });

const questions = gate
  .pick({ approvers: true, min: true, deadline: true, remind: true, escalate: true, 'on-timeout': true })
  .meta({ description: "Who answers the agent's questions and permission prompts, and what no answer means" });

const COMMITS_RULE = 'must be a count or a range such as 1.. or 1..3';
const contract = z.strictObject({
  commits: z
    .union([z.string().regex(/^\d{1,6}(\.\.(\d{1,6})?)?$/, COMMITS_RULE), count(0, 999_999)], { error: COMMITS_RULE })
    .transform(String)
    .optional()
    .meta({ description: 'How many commits the agent must make: 1, 1.. or 1..3' }),
  run: template.optional().meta({ description: 'A command that must end with exit code 0' }),
  files: oneOrMany(template).default([]).meta({ description: 'Files that must exist afterwards' }),
  clean: z.boolean().default(false).meta({ description: 'Nothing may be left uncommitted' }),
});

const LENGTH_RULE = 'must be characters such as 100.., ..4000 or 100..4000';
const SCORE_RULE = 'must be a score between 0 and 1, such as 0.7';
const evaluation = z
  .strictObject({
    matches: z.string().optional().meta({ description: 'A regular expression that must be in the answer' }),
    lacks: z.string().optional().meta({ description: 'A regular expression that must not be in it' }),
    length: z
      .string({ error: LENGTH_RULE })
      .regex(/^(?=.*\d)\d{0,7}\.\.\d{0,7}$/, LENGTH_RULE)
      .optional()
      .meta({ description: 'How many characters it must have' }),
    compiles: oneOrMany(z.enum(FENCE_LANGUAGES))
      .optional()
      .meta({ description: 'Languages: each of their code fences in the answer must compile' }),
    run: template.optional().meta({ description: 'A command that must end with exit code 0; output is the answer' }),
    judge: template.optional().meta({ description: 'What another model is to hold the answer against' }),
    model: z.string().min(1, 'must not be empty').optional().meta({ description: 'Who judges' }),
    'at-least': z
      .number({ error: SCORE_RULE })
      .min(0, SCORE_RULE)
      .max(1, SCORE_RULE)
      .optional()
      .meta({ description: 'From which score on the answer passes; 0.7 unless said' }),
    'on-error': z
      .enum(['fail', 'accept'])
      .optional()
      .meta({ description: 'What it means that the judge gave no verdict; fail unless said' }),
  })
  .meta({ id: 'Evaluation' });

const attachment = z.union([
  z.literal('diff').meta({ description: "The run's change against its base" }),
  z.strictObject({ file: template }).meta({ description: 'A file of the workspace' }),
  z.strictObject({ log: name }).meta({ description: "A finished stage's log" }),
]);

const onFailure = z.union([
  z.enum(['fail', 'continue']),
  z.strictObject({
    fix: oneOrMany(name).meta({ description: 'Stages that are run again with the evidence' }),
    attempts: count(1, 30).default(3),
    then: z.enum(['gate', 'fail', 'continue']).default('fail'),
  }),
]);

const PORT_RULE = 'must be a port between 1 and 65535, or a template such as "{{ run.ports.web }}"';
const port = z
  .union([template, z.int().min(1, PORT_RULE).max(65_535, PORT_RULE)], { error: PORT_RULE })
  .transform(String);
const scalar = z.union([z.string(), z.number(), z.boolean()], { error: 'must be text, a number, true or false' });

const stage = z
  .strictObject({
    description: z.string().optional(),
    needs: oneOrMany(name).default([]).meta({ description: 'Stages that must end first' }),
    when: expression.optional().meta({ description: 'The stage is skipped when this CEL expression is false' }),
    matrix: z
      .record(name, z.union([z.array(scalar), expression]))
      .optional()
      .meta({ description: 'Run once for each combination; a list, or an expression that gives one' }),
    timeout: duration.optional().meta({ description: 'The stage fails when it takes longer' }),
    retry: retry.optional(),
    'on-failure': onFailure.optional(),
    accept: expression.optional().meta({ description: 'The stage fails when this expression over `output` is false' }),
    output: shape.optional().meta({ description: 'The shape of what the stage produces' }),
    env: z.record(variable, template).optional().meta({ description: 'Variables of the command or agent' }),
    secrets: z
      .array(variable)
      .optional()
      .meta({ description: "Names of secrets of the worker's environment that the command may see" }),
    workspace: z
      .enum(['shared', 'own', 'none'])
      .optional()
      .meta({ description: "The run's worktree, one of its own that is merged back, or none" }),

    run: template.optional().meta({ description: 'A shell command' }),
    prompt: template.optional().meta({ description: 'What a model or an agent is asked' }),
    agent: name.optional().meta({ description: 'The kind of coding agent that gets the prompt' }),
    pool: name
      .optional()
      .meta({ description: "The sessions whose queue the prompt waits in; the agent's unless said" }),
    chain: oneOrMany(name)
      .optional()
      .meta({ description: 'Further pools, in order: each is asked too when those before it are busy for too long' }),
    wait: duration.optional().meta({ description: 'How long that is for each pool; 2m unless said' }),
    'stuck-after': duration
      .optional()
      .meta({ description: 'An agent without progress for this long is stopped and tried again; 15m unless said' }),
    conversation: conversation.optional(),
    questions: questions.optional(),
    gate: gate.optional().meta({ description: 'People decide' }),
    merge: z
      .strictObject({ into: template.optional(), message: template.optional() })
      .optional()
      .meta({ description: "Merge the run's branch" }),
    service: z
      .strictObject({ name, run: template, port: port.optional() })
      .optional()
      .meta({ description: 'A long-lived process, served from a release of the branch' }),
    check: check.optional().meta({ description: 'What must hold afterwards; alone, a stage that watches' }),
    pipeline: template.optional().meta({
      description: 'A pipeline of this file, a file such as ./other.yaml, or a template that gives a pipeline',
    }),

    undo: template.optional().meta({ description: 'A command that takes back what run did' }),
    backend: backend.optional(),
    contract: contract.optional().meta({ description: 'What must be true before the agent is believed to be done' }),
    task: name.optional().meta({ description: 'The kind of task, for routing and budgets' }),
    system: template.optional(),
    model: z
      .string()
      .min(1, 'must not be empty')
      .optional()
      .meta({ description: 'provider/model, or a model of the first provider' }),
    attach: z
      .union([attachment, z.array(attachment)])
      .transform((one) => (Array.isArray(one) ? one : [one]))
      .optional(),
    evaluate: oneOrMany(evaluation)
      .optional()
      .meta({ description: 'What the answer is held against; judges come last' }),
    with: z.record(name, scalar).optional().meta({ description: 'Inputs of the nested pipeline' }),
  })
  .meta({ id: 'Stage' });

const inputDeclaration = z.strictObject({
  type: z.enum(['string', 'number', 'integer', 'boolean', 'any']).default('string'),
  description: z.string().optional(),
  default: scalar.optional(),
});

const RUN_RULE = 'must be the id of a run';
const dependency = z.strictObject({
  project: name.meta({ description: 'The project whose run must end first' }),
  pipeline: name.optional(),
  run: z
    .string()
    .regex(RUN_ID_PATTERN, RUN_RULE)
    .optional()
    .meta({ description: 'A run id; by default the latest run of that pipeline' }),
  within: duration.optional().meta({ description: 'How long to wait at most' }),
});

const body = {
  description: z.string().optional(),
  inputs: z.record(name, inputDeclaration).default({}),
  defaults: z
    .strictObject({
      agent: name.optional().meta({ description: 'The agent of stages with a contract or a backend' }),
      model: z.string().optional().meta({ description: 'The model of prompts without an agent' }),
      retry: retry.optional().meta({ description: 'For prompt, agent, merge and service stages' }),
      timeout: duration.optional().meta({ description: 'For run, prompt, agent, merge and service stages' }),
      backend: backend.optional(),
      chain: oneOrMany(name).optional().meta({ description: 'Who may do the work of agent stages, in order' }),
      wait: duration.optional().meta({ description: 'How long a prompt waits in a pool before the next is asked too' }),
      'stuck-after': duration.optional(),
      conversation: conversation.optional(),
    })
    .default({}),
  stages: z.record(name, stage),
  timeout: duration.optional().meta({ description: 'The run ends as TIMEOUT after this' }),
  budget: z
    .number({ error: 'must be US dollars, such as 5 or 2.50' })
    .positive('must be more than 0 US dollars')
    .optional()
    .meta({ description: 'US dollars the run may spend' }),
  'on-failure': z
    .enum(['keep', 'rollback'])
    .default('keep')
    .meta({ description: 'keep what finished for resume, or take everything back' }),
  output: z.record(name, template).optional().meta({ description: 'What the pipeline gives to one that nests it' }),
};

const nestedPipeline = z.strictObject(body);

/** What a pipeline file may hold. `z.input` is what people write, `z.output` what contracts/pipeline works with. */
export const pipelineFile = z.strictObject({
  $schema: z.string().optional(),
  name,
  ...body,
  mode: mode.optional().meta({ description: 'Which gates open by themselves; fix_forward unless said' }),
  setup: template.optional().meta({ description: 'A command that readies a fresh worktree' }),
  ports: z.array(name).default([]).meta({ description: 'Names of free ports the run gets: {{ run.ports.NAME }}' }),
  after: oneOrMany(dependency).default([]).meta({ description: "Other projects' runs that must succeed first" }),
  pipelines: z.record(name, nestedPipeline).default({}).meta({ description: 'Pipelines that stages here can nest' }),
});

export type PipelineFile = z.output<typeof pipelineFile>;
export type NestedPipelineFile = z.output<typeof nestedPipeline>;
export type StageFile = z.output<typeof stage>;
