// What the new project depends on.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { readPackedName } from './packed-package.js';
import { Refusal } from './refusal.js';

const manifest = /** @type {{ version: string }} */ (
  JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
);

/** The version of this package, which is Latchkey's. */
export const ownVersion = manifest.version;

/**
 * @param {string | undefined} given a packed file, a folder that has one, a version, or undefined
 * @returns {{ spec: string, file?: string }} as package.json has it, and the file that the project gets a copy of: it builds
 *   in a container then, and anywhere else.
 */
export function resolveLatchkey(given) {
  if (given === undefined) return { spec: `^${ownVersion}` };
  const path = resolve(given);
  if (existsSync(path)) {
    const file = findPackedFile(path);
    const name = readPackedName(file);
    if (name !== 'latchkey') {
      throw new Refusal(
        `--latchkey names ${file}, which is ${name === undefined ? 'no packed package' : `the package ${name}`}, and not Latchkey itself. Its file is called latchkey-${ownVersion}.tgz.`,
      );
    }
    return { spec: `file:vendor/${basename(file)}`, file };
  }
  if (/[\\/]|\.tgz$/.test(given)) throw new Refusal(`--latchkey names ${path}, which is not there.`);
  if (/^[~^]?\d+(\.\d+){0,2}(-[\w.-]+)?$|^[a-z]+$/.test(given)) return { spec: given };
  throw new Refusal(
    `--latchkey "${given}" is neither a file nor a folder nor a version such as ^${ownVersion}.`,
  );
}

/** @param {string} path */
function findPackedFile(path) {
  if (!statSync(path).isDirectory()) return path;
  const [file, other] = readdirSync(path).filter((name) => /^latchkey-\d[^/]*\.tgz$/.test(name));
  if (file === undefined) {
    throw new Refusal(
      `--latchkey names the folder ${path}, and there is no packed file latchkey-….tgz in it. In a checkout of Latchkey "npm run pack -- latchkey" makes one, in dist/packages.`,
    );
  }
  if (other !== undefined)
    throw new Refusal(`There are several in ${path}: say which, such as ${join(path, file)}.`);
  return join(path, file);
}
