import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { slug } from '../../../contracts/ids';
import { UserError } from '../../faults';
import type { AddCommand } from '../program';

export const addInit: AddCommand = (program, cli) => {
  program
    .command('init')
    .argument('[file]', 'the file to write', 'pipeline.yaml')
    .description('Write a commented pipeline file to begin with')
    .action((file: string) => {
      const { cwd } = cli().io;
      const target = path.resolve(cwd, file);
      if (existsSync(target))
        throw new UserError(`${file} is there already; it is left as it is.`, 'Name another file.');
      mkdirSync(path.dirname(target), { recursive: true });
      // `wx`: one that appeared meanwhile is not written over either.
      writeFileSync(
        target,
        pipelineText(slug(path.basename(target).replace(/\.ya?ml$/, '')), schemaFrom(path.dirname(target))),
        {
          flag: 'wx',
        },
      );
      cli().answer({ file: target }, `${file} written. Check it with \`gantry start ${file} --check\`.`);
    });
};

/** Where an editor finds the schema, seen from the file. */
function schemaFrom(folder: string): string {
  const root = [path.resolve(__dirname, '../../..'), path.resolve(__dirname, '../../../..')].find((candidate) =>
    existsSync(path.join(candidate, 'pipeline.schema.json')),
  );
  const schema = path.relative(folder, path.join(root ?? 'node_modules/gantry', 'pipeline.schema.json'));
  return schema.startsWith('.') || path.isAbsolute(schema) ? schema : `./${schema}`;
}

function pipelineText(name: string, schema: string): string {
  return `# yaml-language-server: $schema=${schema}
# A gantry pipeline. Text may hold {{ expressions }}; gantry start FILE --check says what is wrong with it.
name: ${name}

inputs: # given with: gantry start ${name}.yaml --repo . --input request="…"
  request: { type: string, description: What is to be made }

defaults:
  timeout: 30m # for each stage
  retry: { attempts: 3, delay: 2s } # of failures that may pass, such as an overloaded provider

budget: 5 # US dollars; the run stops there and can be resumed

stages:
  # A model is asked, and must answer in this shape.
  plan:
    prompt: |
      Plan the smallest change that delivers: {{ inputs.request }}
    output: { title: string, steps: [string] }

  # A coding agent works in the run's own branch and worktree; it is done when its contract holds.
  implement:
    needs: plan
    agent: claude
    prompt: |
      {{ stages.plan.output.title }}
      Steps: {{ stages.plan.output.steps }}
      Commit your work.
    contract: { commits: 1.., clean: true }

  # A command. When it fails, implement is run again with what it printed, at most twice.
  test:
    needs: implement
    run: npm test
    on-failure: { fix: implement, attempts: 2, then: gate }

  # People decide: gantry approve RUN approve
  approve:
    needs: test
    gate: { message: 'Merge "{{ stages.plan.output.title }}"?', approvers: ['*'], deadline: 24h, on-timeout: reject }

  # The run's branch goes into the branch it started from; gantry rollback takes that back.
  merge:
    needs: approve
    merge: {}
`;
}
