import type { Path, Problem } from '../pipeline/problem';
import { readDocumentText, type SourceDocument } from '../reading/document';
import { readByGrammar } from '../reading/read-by-grammar';
import { isMapping, valueAt } from '../reading/values';
import { configFile, type ConfigFile } from '../schemas/config';
import { checkBudgets, checkGateway, checkTeams } from './check-budgets';
import { checkCandidates, checkChains, checkTags, type KnownNames } from './check-names';
import { checkRules } from './check-rules';
import { completeProvider } from './complete-provider';
import type { ConfigProblem, Origin } from './config-problem';
import { chosenBy } from './choose-providers';
import { gatherSource, type ConfigSource, type GatherOptions } from './gather-source';
import type { ConfiguredProvider, ModelConfig } from './model-config';
import { STAND_IN } from './from-environment';

export interface ReadOptions extends GatherOptions {
  /** What messages and people call the file; `the environment` where there is none. */
  readonly source?: string;
}

export type ReadConfig =
  | {
      readonly config: ModelConfig;
      /** Who was looked for and left out, and why. */
      readonly notes: readonly string[];
    }
  | { readonly problems: readonly [ConfigProblem, ...ConfigProblem[]] };

/** What the file is called where people do not say. */
export const CONFIG_FILE = 'gantry.config.yaml';

/** Where a configuration is from that no file says anything of. */
export const THE_ENVIRONMENT = 'the environment';

/**
 * The configuration of models: what a file says, with the environment above it, and the environment alone for what it
 * leaves out. Never throws: every mistake there is comes back at once, in the order of the file.
 * @param text What the file holds; absent: there is none.
 */
export function readConfig(text: string | undefined, options: ReadOptions): ReadConfig {
  const { source = THE_ENVIRONMENT, env } = options;
  const read = readDocumentText(text ?? '', source, KIND);
  if ('problems' in read) return { problems: read.problems };
  const gathered = gatherSource(read.document.value, options);
  const { file, problems: found } = readByGrammar(GRAMMAR, gathered.source);
  const completed = file === undefined ? undefined : complete(file, gathered, found);
  const choice = chosenBy(env, completed?.providers ?? []);
  const problems: ConfigProblem[] = [
    ...gathered.problems,
    ...[...found, ...(completed?.problems ?? [])].map((problem) => located(problem, read.document, gathered.origins)),
    // Whoever has mistakes may be missed for that reason alone.
    ...(found.length === 0 ? choice.problems : []),
  ];
  const [first, ...more] = inOrder(problems);
  if (first !== undefined) return { problems: [first, ...more] };
  // Without a file there is nothing that its grammar could refuse.
  if (file === undefined) throw new Error('a configuration without problems could not be read');
  const { chains, routes, experiments, policies, budgets, gateway, organisation, 'last-resort': lastResort } = file;
  const parts = {
    ...{ organisation, chains, routes, experiments, policies, gateway },
    ...(budgets && { budgets }),
    ...(lastResort !== undefined && { lastResort }),
  };
  const asked = new Set(choice.providers.map(({ name }) => name));
  const leftOut = Object.keys(file.providers ?? {}).filter((name) => !asked.has(name));
  return { config: { ...parts, providers: choice.providers, leftOut, source }, notes: gathered.notes };
}

/** Whether a file says who answers. Where it does not, an Ollama of this machine is looked for. */
export function saysWhoAnswers(text: string | undefined, options: ReadOptions): boolean {
  const read = readDocumentText(text ?? '', options.source ?? THE_ENVIRONMENT, KIND);
  return 'problems' in read || !gatherSource(read.document.value, options).isOpen;
}

const KIND = {
  syntax: 'yaml',
  one: 'one configuration',
  insteadOfAliases: 'Write it out.',
  hasExpressions: false,
} as const;

const GRAMMAR = {
  schema: configFile,
  isWhat: 'a configuration is an object with providers',
  called: 'the configuration',
  required: {},
  isSecret: mayBeSecret,
};

/** People put keys where the names of their variables belong, and into addresses. */
function mayBeSecret(path: Path, value: unknown): boolean {
  const field = path.at(-1);
  return field === 'key' || field === 'sha256' || (typeof value === 'string' && /\/\/[^/]*@/.test(value));
}

interface Completed {
  readonly providers: readonly ConfiguredProvider[];
  readonly problems: readonly Problem[];
}

/** Everything that needs more than one place of the file. */
function complete(file: ConfigFile, gathered: ConfigSource, found: readonly Problem[]): Completed {
  // What lacks a piece that was reported would only repeat it.
  const isReported = (whole: Path) => found.some(({ path }) => whole.every((key, at) => path[at] === key));
  const all = Object.entries(file.providers ?? {}).map(([name, said]) => ({
    ...{ name, isEnabled: said.enabled },
    ...completeProvider(name, said, {
      ofNoVendor: gathered.ofNoVendor.includes(name),
      standIn: gathered.standIn === name,
    }),
  }));
  const declared = all.flatMap(({ provider }) => provider ?? []);
  const known = namesIn(gathered, declared);
  return {
    providers: all.flatMap(({ isEnabled, provider }) => (isEnabled && provider ? [provider] : [])),
    problems: [
      ...all.flatMap(({ name, problems }) => (isReported(['providers', name]) ? [] : problems)),
      ...checkCandidates(file, known),
      ...checkChains(file, known),
      ...checkTags(file, known),
      ...checkRules(file),
      ...checkBudgets(file),
      ...checkTeams(file),
      ...checkGateway(file),
    ].filter(({ path }) => !isReported(path)),
  };
}

/** As they were written: what has a mistake of its own is there all the same. */
function namesIn({ source, isOpen }: ConfigSource, declared: readonly ConfiguredProvider[]): KnownNames {
  const keysAt = (key: string) => {
    const mapping = valueAt(source, [key]);
    return isMapping(mapping) ? Object.keys(mapping) : [];
  };
  const perhaps = new Set(isOpen ? [STAND_IN, 'anthropic', 'openai', 'ollama'] : [STAND_IN]);
  const names = keysAt('providers');
  const models = names.flatMap((name) => {
    const listed = valueAt(source, ['providers', name, 'models']);
    return (Array.isArray(listed) ? listed : [listed]).filter((model) => typeof model === 'string');
  });
  return {
    ...{ perhaps, isOpen },
    chains: new Set(keysAt('chains')),
    providers: new Set([...names, ...declared.map(({ name }) => name)]),
    models: new Set([...models, ...declared.flatMap((one) => one.models)]),
    tags: new Set(declared.flatMap(({ tags }) => tags)),
  };
}

/** In the file, or at the variable that said what is wrong. */
function located(problem: Problem, document: SourceDocument, origins: readonly Origin[]): ConfigProblem {
  const isAbove = ({ path }: Origin) => path.every((key, at) => problem.path[at] === key);
  const [origin] = origins.filter(isAbove).sort((a, b) => b.path.length - a.path.length);
  if (origin !== undefined) return { ...problem, variable: origin.variable };
  const place = document.locate(problem.path, { offset: problem.offset, atKey: problem.atKey });
  return { ...problem, file: document.file, ...place };
}

/** Variables first; then by line. */
function inOrder(problems: readonly ConfigProblem[]): ConfigProblem[] {
  const lineOf = (problem: ConfigProblem) => ('variable' in problem ? [0, 0] : [problem.line, problem.column]);
  return [...problems].sort((a, b) => {
    const [lineA = 0, columnA = 0] = lineOf(a);
    const [lineB = 0, columnB = 0] = lineOf(b);
    return lineA - lineB || columnA - columnB;
  });
}
