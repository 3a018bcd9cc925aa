// Which project a command is about. Plain JavaScript, for the launcher: it is there before anything is built.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';

/**
 * The nearest folder, from the working directory up, with a project that is built on Latchkey; else the one of the
 * checkout that the command is in.
 * @param {string} from the working directory
 * @param {string} root the folder of this package, with a separator at its end
 * @returns {string | undefined} undefined where there is none: the package is a dependency, and has no project itself
 */
export function findProject(from, root) {
  for (let folder = from; ; folder = dirname(folder)) {
    if (isProject(folder)) return folder;
    if (folder === dirname(folder)) break;
  }
  return root.includes(`${sep}node_modules${sep}`) ? undefined : root;
}

/** @param {string} folder */
function isProject(folder) {
  const manifest = join(folder, 'package.json');
  const isWritten = ['src/project.ts', 'dist/src/project.js'].some((file) => existsSync(join(folder, file)));
  if (!isWritten || !existsSync(manifest)) return false;
  const { dependencies = {}, devDependencies = {} } = /** @type {Manifest} */ (
    JSON.parse(readFileSync(manifest, 'utf8'))
  );
  return 'latchkey' in dependencies || 'latchkey' in devDependencies;
}

/** @typedef {{ dependencies?: object, devDependencies?: object }} Manifest */
