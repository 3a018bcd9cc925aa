// The folders of src, from the top: an import runs down, types included. ARCHITECTURE.md says what each is for.
// test/tools/layers.test.ts tries each rule.
const layers = [
  'testing',
  'latchkey',
  'build',
  'cli',
  'server',
  'import',
  'observability',
  'oauth',
  'accounts',
  'passkeys',
  'authentication',
  'second-factors',
  'revocation-stream',
  'audit-feed',
  'sessions',
  'clients',
  'users',
  'roles',
  'contract',
  'config',
  'passwords',
  'revocations',
  'tokens',
  'email',
  'keys',
  'audit',
  'http',
  'problems',
  'database',
  'usernames',
  'text',
  'start-error',
  'ids',
  'clock',
  'event-loop',
  'guard',
];

/** A layer's folder, or its one file. */
const inLayer = (layer) => `^src/${layer}(/|\\.ts$)`;
const swaggerUi = '^src/swagger-ui/';

export default {
  forbidden: [
    ...layers.slice(1).map((layer, index) => ({
      name: `${layer} imports upward`,
      comment:
        'Move what both need below both, or take it as a parameter of an interface that this layer declares.',
      severity: 'error',
      from: { path: inLayer(layer) },
      to: { path: layers.slice(0, index + 1).map(inLayer) },
    })),
    {
      name: 'Latchkey imports the project',
      comment:
        'What is built on Latchkey imports it, never the other way around. A new layer of Latchkey gets its place in the list in .dependency-cruiser.js.',
      severity: 'error',
      from: { path: layers.map(inLayer) },
      to: { path: '^src/', pathNot: [...layers.map(inLayer), swaggerUi] },
    },
    {
      name: 'the project imports more than latchkey',
      comment: 'src/protected is built as others build: import it from src/latchkey.ts, or export it there.',
      severity: 'error',
      from: { path: '^src/', pathNot: [...layers.map(inLayer), swaggerUi] },
      to: { path: layers.filter((layer) => layer !== 'latchkey').map(inLayer) },
    },
    {
      name: 'src imports src, generated and packages alone',
      comment:
        'Tools and tests are not shipped, and dist/ and the package latchkey are the same files a second time: import the source.',
      severity: 'error',
      from: { path: '^src/' },
      to: { pathNot: ['^(src|generated)/', '(^|/)node_modules/'], dependencyTypesNot: ['core'] },
    },
    {
      name: 'generated routes are mounted by server and the project alone',
      comment: 'They import every controller.',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/server/', '^src/project\\.ts$'] },
      to: { path: '^generated/' },
    },
    {
      // A ring of two layers has an import that runs upward, which is reported once by itself.
      name: 'a ring of imports within a layer',
      comment: 'Files that import each other are one idea, or share a third.',
      severity: 'error',
      from: { path: `^src/(${layers.join('|')})/` },
      to: { circular: true, viaOnly: { path: '^src/$1/' } },
    },
    {
      name: 'a ring of imports',
      comment: 'Files that import each other are one idea, or share a third.',
      severity: 'error',
      from: { path: '^(src|tools|bench)/', pathNot: layers.map(inLayer) },
      to: { circular: true, viaOnly: { pathNot: layers.map(inLayer).join('|') } },
    },
    {
      name: 'Swagger UI runs in browsers',
      comment: 'It takes types of what it shows, and nothing else.',
      severity: 'error',
      from: { path: swaggerUi },
      to: { path: '^src/', pathNot: swaggerUi, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'Swagger UI is served, not imported',
      comment: 'It runs in browsers. Move what both need to a layer.',
      severity: 'error',
      from: { path: '^src/', pathNot: swaggerUi },
      to: { path: swaggerUi },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // Types, too.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
