// The compiler for tests is swc: types are checked by `npm run typecheck`, once, and not again in every test file.
const transform = {
  '^.+\\.[cm]?[tj]s$': [
    '@swc/jest',
    { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' }, sourceMaps: 'inline' },
  ],
};
// Packages that are ES modules only and therefore go through the compiler too.
const transformIgnorePatterns = ['/node_modules/(?!@marcbachmann/cel-js/)'];
const common = {
  rootDir: __dirname,
  // A build holds copies of what the sources hold.
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  testEnvironment: 'node',
  transform,
  transformIgnorePatterns,
  extensionsToTreatAsEsm: [],
};

/** Three speeds: fast needs no server, host uses real git, tmux and processes, server a real Temporal server. */
module.exports = {
  testTimeout: 60_000,
  projects: [
    {
      ...common,
      displayName: 'fast',
      testMatch: [
        '<rootDir>/test/{contracts,workflows,docs,deploy}/**/*.test.ts',
        '<rootDir>/test/{activities,client,workers}/**/*.fast.test.ts',
      ],
    },
    {
      ...common,
      displayName: 'host',
      testMatch: ['<rootDir>/test/{activities,client,workers,examples,scripts}/**/*.test.ts'],
      testPathIgnorePatterns: ['\\.fast\\.test\\.ts$'],
    },
    {
      ...common,
      displayName: 'server',
      testMatch: ['<rootDir>/test/{server,replay,e2e}/**/*.test.ts'],
      globalSetup: '<rootDir>/test/support/server-setup.ts',
      globalTeardown: '<rootDir>/test/support/server-teardown.ts',
    },
    // Needs programs of others: `npm run test:agents` gets them and says where they are.
    ...(process.env.GANTRY_REAL_AGENTS
      ? [{ ...common, displayName: 'agents', testMatch: ['<rootDir>/test/agents/**/*.test.ts'] }]
      : []),
  ],
};
