/** Who may import whom. The pure parts stay pure, each library has one home, and parts do not reach around each other. */

const PURE = '^src/(plan|errors)/|^src/config/(?!load\\.ts)|^src/stages/[^/]+/(plan|commands|parse)\\.ts$';

/** A library that only files matching `home` may import. */
const onlyIn = (library, home) => ({
  name: `${library.replaceAll(/\W/g, '')}-has-one-home`,
  comment: `Only ${home} may import ${library}.`,
  severity: 'error',
  from: { path: '^src/', pathNot: home },
  to: { path: `(^|/)node_modules/${library}/` },
});

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Types may refer to each other across files; code may not.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'pure-parts-have-no-effects',
      comment: 'Planning, configuration, parsing and errors are data in, data out.',
      severity: 'error',
      from: { path: PURE },
      to: { path: '(^|/)node_modules/(execa|listr2|@inquirer)/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'pure-parts-use-no-node-modules-of-the-core',
      severity: 'error',
      from: { path: PURE },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'stages-do-not-know-each-other',
      severity: 'error',
      from: { path: '^src/stages/([^/]+)/' },
      to: { path: '^src/stages/[^/]+/', pathNot: '^src/stages/$1/' },
    },
    {
      name: 'stages-know-the-provider-interface-only',
      severity: 'error',
      from: { path: '^src/(stages|engine|plan)/' },
      to: { path: '^src/providers/(?!provider\\.ts$)' },
    },
    {
      name: 'the-inside-does-not-know-the-command-line',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/cli/' },
      to: { path: '^src/cli/' },
    },
    {
      name: 'the-inside-draws-nothing-and-asks-nothing',
      comment: 'Reporters and prompters come in from the command line.',
      severity: 'error',
      from: { path: '^src/(stages|engine|plan|config|providers|exec|errors|util)/' },
      to: { path: '^src/(report|prompt)/' },
    },
    {
      name: 'product-does-not-know-its-tests',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^test/' },
    },
    {
      name: 'no-unlisted-packages',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown', 'unknown', 'undetermined'] },
    },
    onlyIn('execa', '^src/exec/host-executor\\.ts$'),
    onlyIn('listr2', '^src/report/listr-reporter\\.ts$'),
    onlyIn('@inquirer', '^src/prompt/'),
    onlyIn('zod', '^src/(config|kube)/'),
    onlyIn('commander', '^src/cli/'),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    moduleSystems: ['es6'],
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default'],
    },
  },
};
