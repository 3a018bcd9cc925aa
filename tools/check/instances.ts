// The one rule about types that oxlint does not have: an object literal is no instance of a class, though TypeScript takes it
// for one where the class has no private members. It looks at `src` alone, whose program is there already.
import { ESLint, type Linter } from 'eslint';
import tseslint from 'typescript-eslint';
import type { Compiler } from '../project/compiler.ts';

/**
 * @param compiler whose program was loaded and has the files
 * @returns what is wrong; undefined: nothing.
 */
export async function findFalseInstances(root: string, compiler: Compiler): Promise<string | undefined> {
  const config: Linter.Config[] = [
    {
      files: ['**/*.ts'],
      // They are oxlint's.
      linterOptions: { reportUnusedDisableDirectives: 'off' },
      plugins: { '@typescript-eslint': tseslint.plugin },
      languageOptions: {
        parser: tseslint.parser,
        parserOptions: { programs: [compiler.program] },
      },
      rules: { '@typescript-eslint/no-unsafe-class-instance-assignment': 'error' },
    },
  ];
  const eslint = new ESLint({
    cwd: root,
    overrideConfigFile: true,
    overrideConfig: config,
    // It has a program of its own.
    ignorePatterns: ['src/swagger-ui/**'],
  });
  const results = await eslint.lintFiles(['src/**/*.ts']);
  if (results.every(({ messages }) => messages.length === 0)) return undefined;
  return (await eslint.loadFormatter('stylish')).format(results);
}
