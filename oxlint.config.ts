// What `npm run check -- lint` finds. test/tools/lint-rules.test.ts has a violation of each rule.
import { defineConfig } from 'oxlint';

const http = {
  group: ['express', 'express/**', '@tsoa/runtime', '@tsoa/runtime/**'],
  message: 'Only controllers and what handles requests know Express.',
};
const sql = { group: ['kysely', 'kysely/**'], message: 'SQL lives in stores and in src/database.' };
const stores = {
  group: ['**/*.store.js', '**/database/**'],
  message: 'A controller asks services, never a store.',
};
const service = {
  group: ['../**'],
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
 * that it fits: where several entries have a rule, the last one alone counts.
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

/** typescript-eslint's sets "strict" and "stylistic", with types. */
const typescript = [
  'adjacent-overload-signatures',
  'array-type',
  'await-thenable',
  'ban-tslint-comment',
  'class-literal-property-style',
  'consistent-generic-constructors',
  'consistent-type-assertions',
  'consistent-type-definitions',
  'consistent-type-imports',
  'dot-notation',
  'no-array-constructor',
  'no-array-delete',
  'no-base-to-string',
  'no-confusing-non-null-assertion',
  'no-confusing-void-expression',
  'no-deprecated',
  'no-duplicate-enum-values',
  'no-duplicate-type-constituents',
  'no-dynamic-delete',
  'no-empty-function',
  'no-empty-object-type',
  'no-explicit-any',
  'no-extra-non-null-assertion',
  'no-floating-promises',
  'no-for-in-array',
  'no-generated-empty-object-type',
  'no-implied-eval',
  'no-inferrable-types',
  'no-invalid-void-type',
  'no-meaningless-void-operator',
  'no-misused-new',
  'no-misused-promises',
  'no-misused-spread',
  'no-mixed-enums',
  'no-namespace',
  'no-non-null-asserted-nullish-coalescing',
  'no-non-null-asserted-optional-chain',
  'no-non-null-assertion',
  'no-redundant-type-constituents',
  'no-require-imports',
  'no-this-alias',
  'no-unnecessary-boolean-literal-compare',
  'no-unnecessary-condition',
  'no-unnecessary-template-expression',
  'no-unnecessary-type-arguments',
  'no-unnecessary-type-assertion',
  'no-unnecessary-type-constraint',
  'no-unnecessary-type-conversion',
  'no-unnecessary-type-parameters',
  'no-unsafe-argument',
  'no-unsafe-assignment',
  'no-unsafe-call',
  'no-unsafe-declaration-merging',
  'no-unsafe-enum-assignment',
  'no-unsafe-enum-comparison',
  'no-unsafe-function-type',
  'no-unsafe-member-access',
  'no-unsafe-return',
  'no-unsafe-unary-minus',
  'no-unused-expressions',
  'no-useless-constructor',
  'no-useless-default-assignment',
  'no-wrapper-object-types',
  'non-nullable-type-assertion-style',
  'only-throw-error',
  'prefer-as-const',
  'prefer-find',
  'prefer-for-of',
  'prefer-function-type',
  'prefer-includes',
  'prefer-literal-enum-member',
  'prefer-namespace-keyword',
  'prefer-nullish-coalescing',
  'prefer-optional-chain',
  'prefer-promise-reject-errors',
  'prefer-reduce-type-parameter',
  'prefer-regexp-exec',
  'prefer-return-this-type',
  'prefer-string-starts-ends-with',
  'related-getter-setter-pairs',
  'require-await',
  'triple-slash-reference',
  'unbound-method',
  'unified-signatures',
  'use-unknown-in-catch-callback-variable',
];

export default defineConfig({
  plugins: ['typescript'],
  categories: { correctness: 'off' },
  jsPlugins: ['eslint-plugin-regexp', './tools/lint/rules.ts'],
  options: { typeAware: true, reportUnusedDisableDirectives: 'error' },
  ignorePatterns: [
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
  overrides: [
    {
      // Text comes from anyone: what a pattern takes of time grows with its length, and no faster.
      files: ['{src,guards,sdks,bin,tools,examples}/**/*.{ts,js}'],
      excludeFiles: ['sdks/*/test/**'],
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
      excludeFiles: ['guards/**', 'sdks/**'],
      rules: {
        eqeqeq: 'error',
        'no-var': 'error',
        'prefer-const': 'error',
        'prefer-rest-params': 'error',
        'prefer-spread': 'error',
        ...Object.fromEntries(typescript.map((name) => [`typescript/${name}`, 'error'])),
        // Names that begin with "_" are no exception.
        'no-unused-vars': ['error', { argsIgnorePattern: null, varsIgnorePattern: null }],
        'typescript/restrict-plus-operands': [
          'error',
          {
            allowAny: false,
            allowBoolean: false,
            allowNullish: false,
            allowNumberAndString: false,
            allowRegExp: false,
          },
        ],
        'typescript/ban-ts-comment': ['error', { minimumDescriptionLength: 10 }],
        'typescript/return-await': ['error', 'error-handling-correctness-only'],
        'typescript/restrict-template-expressions': ['error', { allowNumber: true }],
        // A controller without state is a class all the same: tsoa reads classes.
        'typescript/no-extraneous-class': ['error', { allowWithDecorator: true }],
      },
    },
    {
      // These rules do not see the casts of JSDoc, or want TypeScript's.
      files: ['bin/*.js'],
      rules: {
        'typescript/non-nullable-type-assertion-style': 'off',
        'typescript/no-unsafe-assignment': 'off',
        'typescript/no-unsafe-member-access': 'off',
      },
    },
    ...[...kindsOfFiles, otherFiles].map(({ files, forbidden }, index) => ({
      files,
      excludeFiles: kindsOfFiles.slice(0, index).flatMap((earlier) => earlier.files),
      rules: { 'no-restricted-imports': ['error', { patterns: [...forbidden, require] }] },
    })),
    { files: ['src/**/*.ts'], rules: { 'latchkey/constructor-size': 'error' } },
    {
      files: ['test/browser/*.ts', 'test/support/docs-page.ts'],
      rules: { 'latchkey/no-waiting-click': 'error' },
    },
    {
      files: ['test/**/*.ts', 'bench/test/**/*.ts'],
      rules: {
        // chai asserts by reading a property; supertest's bodies are any.
        'typescript/no-unused-expressions': 'off',
        'typescript/no-unsafe-assignment': 'off',
        'typescript/no-unsafe-member-access': 'off',
        'typescript/no-unsafe-argument': 'off',
      },
    },
  ],
});
