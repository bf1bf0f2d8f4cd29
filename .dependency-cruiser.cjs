/** Who may import whom. Rooms are layers, the pure parts stay pure, and each library has one home. */

/** The rooms of src, from the bottom up: a room imports those that stand before it, types included. */
const ROOMS = [
  ['errors', 'util', 'exec', 'guest', 'artifacts'],
  ['machines', 'simulator', 'providers', 'config'],
  ['engine', 'kube', 'gluster', 'steps', 'recipe'],
  ['lab', 'volumes', 'report', 'wizard', 'app', 'cli'],
].flat();

/** No folder imports one that comes later in ROOMS. */
const layers = ROOMS.slice(0, -1).map((room, index) => ({
  name: `${room}-is-below`,
  comment: `src/${room} may import only what stands before it: ${ROOMS.slice(0, index).join(', ') || 'nothing'}.`,
  severity: 'error',
  from: { path: `^src/${room}/` },
  to: { path: `^src/(${ROOMS.slice(index + 1).join('|')})/` },
}));

const PURE =
  '^src/(errors|recipe)/|^src/config/(?!load\\.ts)|^src/gluster/(commands|parse|volume-spec)\\.ts$';

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
    ...layers,
    {
      name: 'every-room-has-a-layer',
      comment: 'A new room is entered in ROOMS.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^src/', pathNot: `^src/(${ROOMS.join('|')})/` },
    },
    {
      name: 'no-cycles',
      comment: 'Files may not import each other, nor in a circle; types included.',
      severity: 'error',
      from: { path: '^src/' },
      to: { circular: true },
    },
    {
      name: 'simulator-is-loaded-when-asked-for',
      comment: 'Only src/providers/registry.ts loads the simulator, by import().',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/simulator/' },
      to: { path: '^src/simulator/', dynamic: false },
    },
    {
      name: 'steps-know-the-provider-interface-only',
      severity: 'error',
      from: { path: '^src/(steps|engine|recipe|gluster|kube)/' },
      to: { path: '^src/(providers|simulator)/' },
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
      from: { path: '^src/steps/([^/]+)/' },
      to: { path: '^src/steps/[^/]+/', pathNot: '^src/steps/$1/' },
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
    onlyIn('@inquirer', '^src/wizard/'),
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
