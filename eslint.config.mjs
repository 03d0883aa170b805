import js from '@eslint/js';
import { defineConfig } from 'eslint/config';
import jest from 'eslint-plugin-jest';
import { builtinModules } from 'node:module';
import tseslint from 'typescript-eslint';

// What the workflow sandbox does not have, or has in a form that differs between two executions of one history.
const OUTSIDE_THE_SANDBOX = [
  'process',
  'Buffer',
  'fetch',
  'crypto',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'structuredClone',
  'performance',
  'AbortSignal',
  'WeakRef',
  'FinalizationRegistry',
];
const LOCAL_TIME =
  '/^(get(Date|Day|FullYear|Hours|Minutes|Month|Seconds|TimezoneOffset)|to(Locale|Date|Time).*String)$/';
const HOUSE_SYNTAX = [
  { selector: 'ExportDefaultDeclaration', message: 'A name that is found by searching: export it by name.' },
  { selector: 'ExportAllDeclaration', message: 'A reader should see what a module gives: name the exports.' },
  { selector: 'TSEnumDeclaration', message: 'Use a union of words, or an object `as const`.' },
];
const RUNTIME_PACKAGES = ['@temporalio/{activity,client,worker,testing,envconfig}', 'pino'];
const VENDOR_PACKAGES = ['openai', 'openai/*', '@anthropic-ai/*', 'ollama', '@pydantic/genai-prices'];

export default defineConfig(
  { ignores: ['dist/', 'node_modules/', 'coverage/', 'examples/demo/calculator/', 'test/replay/histories/'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      // A default that a person wrote is an answer for the rest.
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      // Activities and ports are objects of plain functions, and are taken apart on purpose.
      '@typescript-eslint/unbound-method': 'off',
      // An activity or a port is async by contract, whether or not its body waits.
      '@typescript-eslint/require-await': 'off',
      // Terminals speak in control characters.
      'no-control-regex': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'no-restricted-syntax': ['error', ...HOUSE_SYNTAX],
    },
  },
  {
    files: ['contracts/**/*.ts', 'workflows/**/*.ts'],
    rules: {
      'no-restricted-globals': ['error', ...OUTSIDE_THE_SANDBOX],
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: ['node:*', ...builtinModules],
              message: 'Workflows replay: what touches the world is an activity.',
            },
            {
              group: ['**/activities/**', '**/workers/**', '**/client/**', ...RUNTIME_PACKAGES, ...VENDOR_PACKAGES],
              allowTypeImports: true,
              message: 'Only types may come into a workflow from there.',
            },
          ],
        },
      ],
      'no-restricted-syntax': [
        'error',
        ...HOUSE_SYNTAX,
        {
          selector: `CallExpression[callee.property.name=${LOCAL_TIME}]`,
          message: 'Local time differs between workers: use UTC getters or format outside.',
        },
        {
          selector: ':matches(Program, Program > ExportNamedDeclaration) > VariableDeclaration[kind="let"]',
          message: 'State of a module outlives a replay: keep it inside the workflow function.',
        },
      ],
    },
  },
  {
    // Workflows cannot reach it: a wall of its own sees to that.
    files: ['contracts/price-list.ts'],
    rules: { '@typescript-eslint/no-restricted-imports': 'off' },
  },
  {
    files: ['test/**/*.ts'],
    extends: [jest.configs['flat/recommended']],
    rules: {
      'jest/expect-expect': ['error', { assertFunctionNames: ['expect', 'expect*', 'fc.assert', 'waitUntil'] }],
      'jest/no-standalone-expect': 'off',
      'jest/no-conditional-expect': 'off',
      'jest/no-disabled-tests': 'error',
      'jest/no-identical-title': 'error',
      'jest/valid-title': ['error', { mustNotMatch: { it: '\\bshould\\b', test: '\\bshould\\b' } }],
    },
  },
  {
    // Jest calls the default export of these.
    files: ['test/support/*-{setup,teardown}.ts'],
    rules: { 'no-restricted-syntax': 'off' },
  },
  {
    files: ['**/*.{js,cjs,mjs}'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        require: 'readonly',
        module: 'writable',
        __dirname: 'readonly',
      },
    },
  },
);
