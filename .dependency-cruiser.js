// The rooms of src, from the top: an import runs down, types included. ARCHITECTURE.md says what each is for.
const layers = [
  'testing',
  'latchkey',
  'build',
  'cli',
  'server',
  'oauth',
  'authentication',
  'revocation-stream',
  'sessions',
  'clients',
  'users',
  'roles',
  'contract',
  'config',
  'passwords',
  'revocations',
  'tokens',
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
  'guard',
];

/** A room's folder, or its one file. */
const inRoom = (room) => `^src/${room}(/|\\.ts$)`;

export default {
  forbidden: [
    ...layers.slice(1).map((room, index) => ({
      name: `${room} imports upward`,
      comment:
        'Move what both need below both, or take it as a parameter of an interface that this room declares.',
      severity: 'error',
      from: { path: inRoom(room) },
      to: { path: layers.slice(0, index + 1).map(inRoom) },
    })),
    {
      name: 'Latchkey imports the project',
      comment:
        'What is built on Latchkey imports it, never the other way around. A new room of Latchkey gets its place in the list of layers in .dependency-cruiser.js.',
      severity: 'error',
      from: { path: layers.map(inRoom) },
      to: { path: '^src/', pathNot: [...layers.map(inRoom), '^src/swagger-ui/'] },
    },
    {
      name: 'the project imports more than latchkey',
      comment: 'src/protected is built as others build: import it from src/latchkey.ts, or export it there.',
      severity: 'error',
      from: { path: '^src/', pathNot: [...layers.map(inRoom), '^src/swagger-ui/'] },
      to: { path: layers.filter((room) => room !== 'latchkey').map(inRoom) },
    },
    {
      name: 'a ring of imports',
      comment: 'Files that import each other are one idea, or share a third.',
      severity: 'error',
      from: { path: '^(src|tools|bench)/' },
      to: { circular: true },
    },
    {
      name: 'the guard stands alone',
      comment: 'It runs in other services, without the rest of this one.',
      severity: 'error',
      from: { path: '^src/guard/' },
      to: { path: '^src/', pathNot: '^src/guard/' },
    },
    {
      name: 'Swagger UI runs in browsers',
      comment: 'It takes types of what it shows, and nothing else.',
      severity: 'error',
      from: { path: '^src/swagger-ui/' },
      to: { path: '^src/', pathNot: '^src/swagger-ui/', dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // Types, too.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.js'] },
  },
};
