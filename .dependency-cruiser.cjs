// The walls between the rooms. Each has a name, one sentence, and a planted violation in
// test/docs/walls.test.ts that shows it stands.

const rooms = (...names) => `^(${names.join('|')})/`;
const packages = (...names) => `^node_modules/(${names.join('|')})(/|$)`;
const NPM = '^node_modules/';
const VENDORS = packages('openai', '@anthropic-ai', 'ollama');
const PRICES = '@pydantic/genai-prices';
const PRICE_LIST = '^contracts/price-list\\.ts$';
const DOCUMENTS = '^contracts/reading/(document|locate)\\.ts$';

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'contracts-are-leaves',
      comment: 'What crosses the walls belongs to no room, so contracts import no other room.',
      severity: 'error',
      from: { path: rooms('contracts') },
      to: { path: rooms('workflows', 'activities', 'workers', 'client', 'test', 'examples', 'bench', 'scripts') },
    },
    {
      name: 'contracts-do-nothing',
      comment:
        'Contracts are words and plain functions: no Node built-ins, and of npm only zod, CEL, YAML, the list of prices ' +
        'and Temporal definitions.',
      severity: 'error',
      from: { path: rooms('contracts') },
      to: {
        dependencyTypes: ['core', 'npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-no-pkg', 'npm-unknown'],
        pathNot: packages('zod', '@temporalio/workflow', '@temporalio/common', '@marcbachmann/cel-js', 'yaml', PRICES),
      },
    },
    {
      name: 'workflows-stay-deterministic',
      comment: 'A workflow is replayed, so nothing but contracts may come into it; from other rooms only types.',
      severity: 'error',
      from: { path: rooms('workflows') },
      to: {
        path: rooms('activities', 'workers', 'client', 'test', 'examples', 'bench', 'scripts'),
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'workflows-no-node-core',
      comment: 'The workflow sandbox has no Node built-ins.',
      severity: 'error',
      from: { path: rooms('workflows') },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'workflows-no-runtime-npm',
      comment: 'The bundler lets almost any package into a workflow; only these are known to replay.',
      severity: 'error',
      from: { path: rooms('workflows') },
      to: {
        path: NPM,
        pathNot: packages('@temporalio/workflow', '@temporalio/common', '@marcbachmann/cel-js'),
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'schemas-stay-at-the-doors',
      comment:
        'A schema that grew stricter would reject an old payload on replay, for ever: workflows take its types only.',
      severity: 'error',
      from: { path: rooms('workflows') },
      to: { path: '^contracts/schemas/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'activities-know-no-workflow',
      comment: 'An activity does one thing for whoever asks; it knows contracts and nothing of who calls it.',
      severity: 'error',
      from: { path: rooms('activities') },
      to: { path: rooms('workflows', 'workers', 'client', 'test', 'examples', 'bench', 'scripts') },
    },
    {
      name: 'workers-only-wire',
      comment: 'Workers put contracts, workflows and activities together; nobody asks through them.',
      severity: 'error',
      from: { path: rooms('workers') },
      to: { path: rooms('client', 'test', 'examples', 'bench', 'scripts') },
    },
    {
      name: 'client-only-asks',
      comment: 'The client speaks to the server, not to the code that does the work; of workflows it takes types.',
      severity: 'error',
      from: { path: rooms('client') },
      to: {
        path: rooms('workflows', 'activities', 'workers', 'test', 'examples', 'bench', 'scripts'),
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'only-one-module-speaks-temporal-client',
      comment:
        'client/temporal is the one door to @temporalio/client, so that its errors and retries have one home; ' +
        'a worker has one for each kind of workflow that it asks, in workers/doors.',
      severity: 'error',
      from: {
        path: rooms('client', 'workers', 'activities', 'examples', 'scripts'),
        pathNot: ['^client/temporal/', '^workers/doors/'],
      },
      to: { path: packages('@temporalio/client') },
    },
    {
      name: 'only-activities-touch-vendors',
      comment: 'Model vendors are reached from activities; the scripted model of the examples uses the same SDK.',
      severity: 'error',
      from: { pathNot: ['^activities/', '^examples/offline/', '^test/'] },
      to: { path: VENDORS },
    },
    {
      name: 'one-module-reads-the-price-list',
      comment: 'The list of prices has one reader, which knows what it throws on and how slow it is.',
      severity: 'error',
      from: { pathNot: [PRICE_LIST, '^test/'] },
      to: { path: packages(PRICES) },
    },
    {
      name: 'workflows-carry-no-prices',
      comment: 'The list of prices is half a megabyte and changes with every release: no workflow is bundled with it.',
      severity: 'error',
      from: { path: rooms('workflows') },
      to: { path: PRICE_LIST, reachable: true },
    },
    {
      name: 'workflows-read-no-documents',
      comment: 'Text is read at the doors: the reader of YAML has no business in what is replayed.',
      severity: 'error',
      from: { path: rooms('workflows') },
      to: { path: DOCUMENTS, reachable: true },
    },
    {
      name: 'no-dep-on-test',
      comment: 'What only tests need stays with the tests.',
      severity: 'error',
      from: { pathNot: '^test/' },
      to: { path: '^test/' },
    },
    {
      name: 'no-dev-packages',
      comment: 'What runs for users may need only what is installed for users.',
      severity: 'error',
      from: { path: rooms('contracts', 'workflows', 'activities', 'workers', 'client') },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'], pathNot: '^node_modules/@types/' },
    },
    {
      name: 'no-cycles',
      comment: 'Two modules that need each other are one module, or there is a third.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-orphans',
      comment: 'A module nobody imports is an entry point or dead wood.',
      severity: 'error',
      from: {
        orphan: true,
        pathNot: ['\\.d\\.ts$', '/main\\.ts$', '^(examples|bench|scripts|test)/'],
      },
      to: {},
    },
    {
      name: 'no-unresolvable',
      comment: 'An import that leads nowhere.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: ['^dist/', '^examples/demo/calculator/', '^test/.*/fixtures/'] },
    // Sees imports the compiler would drop, so that a type-only import is known as one.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    combinedDependencies: false,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['require', 'node', 'import', 'default', 'types'],
    },
  },
};
