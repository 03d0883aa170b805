import { z } from 'zod';
import { NAME_PATTERN } from '../ids';
import { DURATION_PATTERN, parseDuration } from '../duration';
import type { Shape } from '../shape';

// The grammar of a pipeline file. Every schema below reads what people write and gives what the engine uses:
// durations become milliseconds, a single name a list of one, a shorthand its long form.
// Rules that need the whole file (cycles, unknown stages, expressions) live in client/definition.

const name = z.string().regex(NAME_PATTERN, 'must start with a letter and hold only a-z, 0-9, - and _ (40 at most)');

const duration = z
  .string()
  .regex(DURATION_PATTERN, 'must be a duration such as 30s, 5m or 1h30m')
  .transform((text) => parseDuration(text)!)
  .meta({ description: 'A duration: 500ms, 30s, 5m, 1h30m, 2d' });

const oneOrMany = <T extends z.ZodType>(item: T) =>
  z.union([item, z.array(item)]).transform((value) => (Array.isArray(value) ? value : [value]) as z.output<T>[]);

const template = z.string().meta({ description: 'Text; {{ expression }} is replaced by its value' });
const expression = z
  .string()
  .min(1)
  .meta({ description: 'A CEL expression, such as stages.plan.output.risky == true' });

export const MODES = ['observe', 'fix_forward', 'auto_staging', 'auto_prod'] as const;
const mode = z.enum(MODES);

const shape: z.ZodType<Shape> = z.lazy(() =>
  z.union([z.string(), z.array(shape).length(1), z.record(z.string(), shape)]),
);

const retry = z.strictObject({
  attempts: z.int().min(1).max(10).default(3).meta({ description: 'How often in all a stage is tried' }),
  delay: duration.default(1_000).meta({ description: 'Wait before the second try; doubled for each next' }),
});

const check = z
  .strictObject({
    http: template.optional().meta({ description: 'An address that must answer with a 2xx status' }),
    contains: template.optional().meta({ description: 'Text the answer must hold' }),
    run: template.optional().meta({ description: 'A command that must end with exit code 0' }),
    for: duration.default(0).meta({ description: 'Once it holds, it must hold this long' }),
    every: duration.default(1_000).meta({ description: 'Time between two looks' }),
    within: duration.default(60_000).meta({ description: 'It must hold for the first time within this' }),
  })
  .superRefine((value, ctx) => {
    if ((value.http === undefined) === (value.run === undefined)) {
      ctx.addIssue({ code: 'custom', message: 'needs exactly one of http and run' });
    }
    if (value.contains !== undefined && value.http === undefined) {
      ctx.addIssue({ code: 'custom', path: ['contains'], message: 'goes with http only' });
    }
  });

const gate = z.strictObject({
  message: template.optional().meta({ description: 'What the approvers are asked' }),
  approvers: oneOrMany(z.string().min(1)).default(['*']).meta({ description: 'Who may decide; * is anybody' }),
  min: z.int().min(1).default(1).meta({ description: 'How many approvals open the gate' }),
  deadline: duration.optional().meta({ description: 'When on-timeout decides' }),
  remind: duration.optional().meta({ description: 'Remind the approvers at this interval' }),
  escalate: z
    .strictObject({ after: duration, to: oneOrMany(z.string().min(1)) })
    .optional()
    .meta({ description: 'Who else may decide, from when' }),
  'on-timeout': z.enum(['approve', 'reject']).default('reject'),
  'open-in': z.array(mode).default([]).meta({ description: 'Modes in which the gate opens by itself' }),
});

const contract = z.strictObject({
  commits: z
    .string()
    .regex(/^\d+(\.\.\d*)?$/, 'must be a count or a range such as 1.. or 1..3')
    .optional()
    .meta({ description: 'How many commits the agent must make: 1, 1.. or 1..3' }),
  run: template.optional().meta({ description: 'A command that must end with exit code 0' }),
  files: z.array(template).optional().meta({ description: 'Files that must exist afterwards' }),
  clean: z.boolean().default(false).meta({ description: 'Nothing may be left uncommitted' }),
});

const attachment = z.union([
  z.literal('diff').meta({ description: "The run's change against its base" }),
  z.strictObject({ file: template }).meta({ description: 'A file of the workspace' }),
  z.strictObject({ log: name }).meta({ description: "A finished stage's log" }),
]);

const onFailure = z.union([
  z.enum(['fail', 'continue']),
  z.strictObject({
    fix: oneOrMany(name).meta({ description: 'Stages that are run again with the evidence' }),
    attempts: z.int().min(1).max(30).default(3),
    then: z.enum(['gate', 'fail', 'continue']).default('fail'),
  }),
]);

const stage = z
  .strictObject({
    description: z.string().optional(),
    needs: oneOrMany(name).default([]).meta({ description: 'Stages that must end first' }),
    when: expression.optional().meta({ description: 'The stage is skipped when this CEL expression is false' }),
    matrix: z
      .record(name, z.union([z.array(z.union([z.string(), z.number(), z.boolean()])).min(1), expression]))
      .optional()
      .meta({ description: 'Run once for each combination; a list, or an expression that gives one' }),
    timeout: duration.optional(),
    retry: retry.optional(),
    'on-failure': onFailure.optional(),
    accept: expression.optional().meta({ description: 'The stage fails when this expression over `output` is false' }),
    output: shape.optional().meta({ description: 'The shape of what the stage produces' }),
    env: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), template).default({}),
    secrets: z
      .array(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/))
      .default([])
      .meta({ description: "Names of secrets of the worker's environment that the command may see" }),
    workspace: z
      .enum(['shared', 'own', 'none'])
      .optional()
      .meta({ description: "The run's worktree, one of its own that is merged back, or none" }),

    run: template.optional().meta({ description: 'A shell command' }),
    prompt: template.optional().meta({ description: 'What a model or an agent is asked' }),
    agent: name.optional().meta({ description: 'The kind of coding agent that gets the prompt' }),
    gate: gate.optional().meta({ description: 'People decide' }),
    merge: z
      .strictObject({ into: template.optional(), message: template.optional() })
      .optional()
      .meta({ description: "Merge the run's branch" }),
    service: z
      .strictObject({ name, run: template, port: template.optional() })
      .optional()
      .meta({ description: 'A long-lived process, served from a release of the branch' }),
    check: check.optional().meta({ description: 'What must hold afterwards; alone, a stage that watches' }),
    pipeline: template.optional().meta({ description: 'A pipeline of this file, or an expression that gives one' }),

    undo: template.optional().meta({ description: 'A command that takes back what run did' }),
    backend: z.enum(['tmux', 'headless']).optional(),
    contract: contract.optional(),
    task: name.optional().meta({ description: 'The kind of task, for routing and budgets' }),
    system: template.optional(),
    model: z.string().optional().meta({ description: 'provider/model, or a model of the first provider' }),
    attach: z.array(attachment).optional(),
    with: z
      .record(name, z.union([template, z.number(), z.boolean()]))
      .optional()
      .meta({ description: 'Inputs of the nested pipeline' }),
  })
  .superRefine((value, ctx) => {
    const kinds = (['run', 'gate', 'merge', 'service', 'pipeline'] as const).filter((key) => value[key] !== undefined);
    const asks = value.prompt !== undefined;
    if (kinds.length + (asks ? 1 : 0) > 1) {
      const both = [...kinds, ...(asks ? ['prompt'] : [])].join(' and ');
      ctx.addIssue({ code: 'custom', message: `does one thing only, got ${both}` });
    }
    if (kinds.length === 0 && !asks && value.check === undefined) {
      ctx.addIssue({
        code: 'custom',
        message: 'does nothing: give it one of run, prompt, gate, merge, service, check or pipeline',
      });
    }
    const kind = value.agent !== undefined ? 'agent' : asks ? 'prompt' : (kinds[0] ?? 'check');
    if (value.agent !== undefined && !asks) {
      ctx.addIssue({ code: 'custom', path: ['agent'], message: 'needs a prompt' });
    }
    for (const [field, owners] of Object.entries(FIELD_OWNERS)) {
      if (value[field as keyof typeof value] !== undefined && !(owners as readonly string[]).includes(kind)) {
        ctx.addIssue({
          code: 'custom',
          path: [field],
          message: `goes with ${owners.join(', ')} only, and this is a ${kind} stage`,
        });
      }
    }
  });

/** Fields that only some kinds of stages have. */
const FIELD_OWNERS = {
  undo: ['run'],
  backend: ['agent'],
  contract: ['agent'],
  task: ['prompt', 'agent'],
  system: ['prompt'],
  model: ['prompt', 'agent'],
  attach: ['prompt', 'agent'],
  with: ['pipeline'],
  check: ['run', 'service', 'merge', 'check'],
  output: ['run', 'prompt', 'agent', 'pipeline'],
  accept: ['run', 'prompt', 'agent', 'pipeline'],
} as const;

const inputDeclaration = z.strictObject({
  type: z.enum(['string', 'number', 'integer', 'boolean', 'any']).default('string'),
  description: z.string().optional(),
  default: z.union([z.string(), z.number(), z.boolean()]).optional(),
});

const dependency = z.strictObject({
  project: z.string().min(1).meta({ description: 'The project whose run must end first' }),
  pipeline: name.optional(),
  run: z.string().optional().meta({ description: 'A run id; by default the latest run of that pipeline' }),
  within: duration.optional().meta({ description: 'How long to wait at most' }),
});

const body = {
  description: z.string().optional(),
  inputs: z.record(name, inputDeclaration).default({}),
  defaults: z
    .strictObject({
      agent: name.optional(),
      model: z.string().optional(),
      retry: retry.optional(),
      timeout: duration.optional(),
      backend: z.enum(['tmux', 'headless']).optional(),
    })
    .default({}),
  stages: z.record(name, stage).refine((stages) => Object.keys(stages).length > 0, 'needs at least one stage'),
  output: z.record(name, template).optional().meta({ description: 'What the pipeline gives to one that nests it' }),
};

const nestedPipeline = z.strictObject(body);

/** What a pipeline file may hold. `z.input` is what people write, `z.output` what the loader works with. */
export const pipelineFile = z.strictObject({
  $schema: z.string().optional(),
  name,
  ...body,
  mode: mode.optional(),
  setup: template.optional().meta({ description: 'A command that readies a fresh worktree' }),
  ports: z.array(name).default([]).meta({ description: 'Names of free ports the run gets: {{ run.ports.NAME }}' }),
  timeout: duration.optional().meta({ description: 'The run ends as TIMEOUT after this' }),
  budget: z.number().positive().optional().meta({ description: 'US dollars the run may spend' }),
  'on-failure': z
    .enum(['keep', 'rollback'])
    .default('keep')
    .meta({ description: 'keep what finished for resume, or take everything back' }),
  after: oneOrMany(dependency).default([]).meta({ description: "Other projects' runs that must succeed first" }),
  pipelines: z.record(name, nestedPipeline).default({}).meta({ description: 'Pipelines that stages here can nest' }),
});

export const nestedPipelineFile = nestedPipeline;

export type PipelineFile = z.output<typeof pipelineFile>;
export type NestedPipelineFile = z.output<typeof nestedPipeline>;
export type StageFile = z.output<typeof stage>;
