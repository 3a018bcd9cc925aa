import tseslint from 'typescript-eslint';

// eslint and its rules are those of the service's folder; npm run test:sdks runs them, after the types are generated.
export default tseslint.config({
  files: ['src/**/*.ts'],
  extends: [...tseslint.configs.strictTypeChecked, ...tseslint.configs.stylisticTypeChecked],
  languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
  rules: {
    '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
    '@typescript-eslint/consistent-type-imports': 'error',
    eqeqeq: 'error',
  },
});
