import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { CONFIG_FILE } from '../../../contracts/config/read-config';
import { slug } from '../../../contracts/ids';
import { UserError } from '../../faults';
import type { Cli } from '../cli';
import type { AddCommand } from '../add-command';
import { starterConfig } from '../starter-config';

export const addInit: AddCommand = (program, cli) => {
  program
    .command('init')
    .argument('[file]', 'the file to write; pipeline.yaml unless said')
    .option('--config [file]', `write the configuration of models instead; ${CONFIG_FILE} unless said`)
    .description('Write a commented pipeline file, or configuration of models, to begin with')
    .action((given: string | undefined) => {
      const { givenConfig } = cli();
      if (givenConfig === undefined) {
        const file = given ?? 'pipeline.yaml';
        const name = slug(path.basename(file).replace(/\.ya?ml$/, ''));
        write(cli(), file, (folder) => pipelineText(name, schemaFrom(folder, 'pipeline.schema.json')));
        return said(cli(), file, `Check it with \`gantry start ${file} --check\`.`);
      }
      if (givenConfig !== true && given !== undefined) {
        throw new UserError('One file at a time.', 'Write `gantry init --config FILE`, or `gantry init FILE`.');
      }
      const file = givenConfig === true ? (given ?? CONFIG_FILE) : givenConfig;
      write(cli(), file, (folder) => starterConfig(schemaFrom(folder, 'gantry.config.schema.json')));
      said(
        cli(),
        file,
        `Look at who answers with \`gantry ${file === CONFIG_FILE ? '' : `--config ${file} `}doctor\`.`,
      );
    });
};

function write({ io }: Cli, file: string, textFor: (folder: string) => string): void {
  const target = path.resolve(io.cwd, file);
  if (existsSync(target)) throw new UserError(`${file} is there already; it is left as it is.`, 'Name another file.');
  mkdirSync(path.dirname(target), { recursive: true });
  // `wx`: one that appeared meanwhile is not written over either.
  writeFileSync(target, textFor(path.dirname(target)), { flag: 'wx' });
}

function said(cli: Cli, file: string, next: string): void {
  cli.answer({ file: path.resolve(cli.io.cwd, file) }, `${file} written. ${next}`);
}

/** Where an editor finds the schema, seen from the file. */
function schemaFrom(folder: string, name: string): string {
  const root = [path.resolve(__dirname, '../../..'), path.resolve(__dirname, '../../../..')].find((candidate) =>
    existsSync(path.join(candidate, name)),
  );
  const schema = path.relative(folder, path.join(root ?? 'node_modules/gantry', name));
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
