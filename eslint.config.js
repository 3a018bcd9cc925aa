import * as regexp from 'eslint-plugin-regexp';
import tseslint from 'typescript-eslint';

const http = {
  group: ['express', '@tsoa/runtime'],
  message: 'Only controllers and what handles requests know Express.',
};
const sql = { group: ['kysely', 'kysely/*'], message: 'SQL lives in stores and in src/database.' };
const stores = {
  group: ['**/*.store.js', '**/database/*'],
  message: 'A controller asks services, never a store.',
};
const service = {
  group: ['../*'],
  message: 'The guard runs in other services, without the rest of this one.',
};
const models = {
  group: ['**/*.models.js'],
  message: 'Models are what clients see: return a domain type, which the controller maps.',
};
// It would import what .dependency-cruiser.js does not see.
const require = {
  group: ['node:module', 'module'],
  importNames: ['createRequire', 'default'],
  message: 'import, or say in a comment why this has to be loaded with require.',
};

/**
 * What each kind of file may not import, types included; `.dependency-cruiser.js` has the layers. A file is of the first kind
 * that it fits: where several entries have a rule, ESLint takes the last one alone.
 */
const kindsOfFiles = [
  { files: ['src/**/*.controller.ts'], forbidden: [stores, sql] },
  {
    // What handles requests: controllers call it, services do not.
    files: [
      'src/{http,observability,server}/**/*.ts',
      'src/authentication/{authentication,request-limits,request-source,token-locations}.ts',
      'src/oauth/form-parameters.ts',
      'src/sessions/token-cookies.ts',
      'src/authentication/device-cookie.ts',
      'src/tokens/caller.ts',
    ],
    forbidden: [sql],
  },
  // What a project is given to write all of these with.
  { files: ['src/latchkey.ts'], forbidden: [] },
  { files: ['src/**/*.store.ts'], forbidden: [http, models] },
  { files: ['src/database/**/*.ts', 'src/roles/rights.ts'], forbidden: [http] },
  { files: ['src/**/*.service.ts'], forbidden: [http, sql, models] },
  { files: ['src/guard/**/*.ts'], forbidden: [service, http, sql] },
];
const otherFiles = { files: ['src/**/*.ts'], forbidden: [http, sql] };

export default tseslint.config(
  {
    ignores: [
      '**/dist',
      '**/node_modules',
      '**/generated',
      '**/artifacts',
      'coverage',
      'data',
      'bench/peers',
      'sdks/smoke',
      // It is a project of its own, with packages of its own.
      'packages/create-latchkey/template',
    ],
  },
  {
    // Text comes from anyone: what a pattern takes of time grows with its length, and no faster.
    files: ['{src,guards,sdks,bin,tools,examples}/**/*.{ts,js}'],
    ignores: ['sdks/*/test/**', 'sdks/smoke/**'],
    languageOptions: { parser: tseslint.parser },
    plugins: { regexp },
    rules: {
      'regexp/no-super-linear-backtracking': ['error', { report: 'potential' }],
      'regexp/no-super-linear-move': [
        'error',
        { report: 'potential', ignorePartial: false, ignoreSticky: false },
      ],
    },
  },
  {
    files: ['**/*.ts', 'bin/*.js'],
    ignores: ['guards/**', 'sdks/**'],
    extends: [...tseslint.configs.strictTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      // A controller without state is a class all the same: tsoa reads classes.
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      '@typescript-eslint/class-methods-use-this': 'off',
      'no-console': 'off',
      eqeqeq: 'error',
      // tsoa reads index signatures as maps, and records as aliases of them.
      '@typescript-eslint/consistent-indexed-object-style': 'off',
    },
  },
  {
    // These rules do not see the casts of JSDoc.
    files: ['bin/*.js'],
    rules: {
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
    },
  },
  ...[...kindsOfFiles, otherFiles].map(({ files, forbidden }, index) => ({
    files,
    ignores: kindsOfFiles.slice(0, index).flatMap((earlier) => earlier.files),
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        { patterns: [...forbidden, require].map((pattern) => ({ ...pattern })) },
      ],
    },
  })),
  {
    files: ['src/**/*.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector:
            ":matches(MethodDefinition[kind='constructor'] > FunctionExpression[params.length>5], MethodDefinition[kind='constructor'] TSParameterProperty TSTypeLiteral[members.length>5])",
          message: 'A constructor takes no more than five things: what takes more does two.',
        },
      ],
    },
  },
  {
    files: ['test/browser/*.ts', 'test/support/docs-page.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector: "CallExpression[arguments.length=0] > MemberExpression[property.name='click']",
          message:
            'Use click() of test/support/browser-tab.ts, which does not wait for frames that never come.',
        },
      ],
    },
  },
  {
    files: ['test/**/*.ts', 'bench/test/**/*.ts'],
    rules: {
      // chai asserts by reading a property; supertest's bodies are any.
      '@typescript-eslint/no-unused-expressions': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
    },
  },
);
