import { globSync } from 'node:fs';
import { join, sep } from 'node:path';
import type ts from 'typescript';
import type { TsoaConfig } from './tsoa-config.ts';

/**
 * The files that tsoa.json names as having controllers, from the last to the first by name: the order in which tsoa's own
 * command line lists them, which is that of the routes.
 */
export function findControllers(
  root: string,
  program: ts.Program,
  { controllerPathGlobs }: TsoaConfig,
): ts.SourceFile[] {
  return controllerPathGlobs
    .flatMap((glob) => globSync(glob, { cwd: root }).sort().reverse())
    .map((file) => program.getSourceFile(join(root, file).replaceAll(sep, '/')))
    .filter((file) => file !== undefined);
}
