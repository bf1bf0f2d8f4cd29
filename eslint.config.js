import tseslint from 'typescript-eslint';

/** Where the outside world may be touched; everything else gets time, terminal and environment handed in. */
const EDGES = ['src/cli/**', 'src/exec/**', 'src/report/**', 'src/util/clock.ts', 'src/wizard/ask*.ts'];

const AMBIENT = ['process', 'console', 'setTimeout', 'setInterval', 'setImmediate', 'performance'];

const injected = (name) =>
  `${name} is for src/cli, src/exec, src/report and src/util/clock.ts; have it injected.`;

const typeAware = {
  '@typescript-eslint/no-floating-promises': 'error',
  '@typescript-eslint/no-misused-promises': 'error',
  '@typescript-eslint/await-thenable': 'error',
  '@typescript-eslint/return-await': ['error', 'error-handling-correctness-only'],
  '@typescript-eslint/only-throw-error': 'error',
  '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
  '@typescript-eslint/no-unnecessary-type-assertion': 'error',
  '@typescript-eslint/no-base-to-string': 'error',
  '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
};

const plain = {
  '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
  '@typescript-eslint/no-explicit-any': 'error',
  '@typescript-eslint/no-non-null-assertion': 'error',
  'no-var': 'error',
  'prefer-const': 'error',
  'object-shorthand': 'error',
  eqeqeq: 'error',
};

export default tseslint.config(
  { ignores: ['dist/', 'coverage/', 'test/golden/', 'test/k3s-standin/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['src/**/*.ts', 'test/**/*.ts'],
    plugins: { '@typescript-eslint': tseslint.plugin },
    languageOptions: {
      parser: tseslint.parser,
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: { ...typeAware, ...plain },
  },
  {
    files: ['src/**/*.ts'],
    rules: {
      'max-lines': ['error', 250],
      'max-lines-per-function': ['error', 60],
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'Export by name.' },
        {
          selector: "CallExpression[callee.object.name='Promise'][callee.property.name='all']",
          message: 'Its other work goes on after a failure: use mapPool or awaitAll of src/util/pool.ts.',
        },
        { selector: 'ExportAllDeclaration', message: 'No barrels: import from the file that has it.' },
        {
          selector: 'CallExpression[callee.property.name="write"][callee.object.object.name="process"]',
          message: 'Write by src/cli/support/streams.ts, which survives a closed pipe and a full disk.',
        },
      ],
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: EDGES,
    rules: {
      'no-console': 'error',
      'no-restricted-globals': ['error', ...AMBIENT.map((name) => ({ name, message: injected(name) }))],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: injected('Date.now') },
        { object: 'Math', property: 'random', message: injected('Math.random') },
      ],
      'no-restricted-imports': [
        'error',
        ...['node:process', 'node:timers', 'node:timers/promises'].map((name) => ({
          name,
          message: injected(name),
        })),
      ],
    },
  },
  {
    files: ['scripts/**/*.mjs', '*.js'],
    rules: { 'no-var': 'error', 'prefer-const': 'error', eqeqeq: 'error', 'object-shorthand': 'error' },
  },
);
