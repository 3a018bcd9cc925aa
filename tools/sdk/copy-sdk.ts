// Copies what an SDK is made of, for a project whose contract it is to be made from.
import { cpSync } from 'node:fs';
import { relative, sep } from 'node:path';

/** What was made, what tries it, and the example, which calls an operation that the project may not have. */
const left =
  /^(node_modules|generated|dist|build|target|tests?|example(\.\w+)?|\.venv|tasks\.js|src\/test|.*_test\.go)$/;

/** @returns the folder that it is copied to. What else is there stays. */
export function copySdk(folder: string, target: string): string {
  cpSync(folder, target, {
    recursive: true,
    filter: (path) => {
      const name = relative(folder, path).replaceAll(sep, '/');
      return !left.test(name) && !name.includes('__pycache__');
    },
  });
  return target;
}
