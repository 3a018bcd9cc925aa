// Whether the compiled code is that of the sources. Plain JavaScript, for the launcher: it is there before anything is built.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));
export const buildScript = join(root, 'tools/build.ts');

const sources = [
  'src',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'tsconfig.build.json',
  'tsoa.json',
  'tsoa-latchkey.json',
];

/**
 * Holds the fingerprints that a build was made of.
 * @param {boolean} withTests
 */
export const stampFile = (withTests) => join(root, 'dist', withTests ? 'tests.stamp' : 'build.stamp');

/** Whether the compiled code is there at all. */
export function isBuilt() {
  return existsSync(stampFile(false)) || existsSync(stampFile(true));
}

/** Whether everything is there that a build needs: not after `npm ci --omit=dev`, and not in the published package. */
export function canBuild() {
  return ['tools/build.ts', 'node_modules/tsoa', 'node_modules/typescript'].every((path) =>
    existsSync(join(root, path)),
  );
}

/**
 * Of what a build reads. Taken before it compiles, so that what is edited meanwhile counts as changed.
 * @param {boolean} withTests
 */
export function sourcesFingerprint(withTests) {
  return fingerprint(withTests ? [...sources, 'test'] : sources);
}

/** Of what a build writes and git has: a checkout of another commit changes it. */
export function generatedFingerprint() {
  return fingerprint(['generated']);
}

/** Whether the sources have changed since they were compiled. */
export function isStale(withTests = false) {
  // A build with the tests is one without them, too.
  return ![true, withTests].some((tests) => {
    const file = stampFile(tests);
    return (
      existsSync(file) &&
      readFileSync(file, 'utf8') === stamp(sourcesFingerprint(tests), generatedFingerprint())
    );
  });
}

/**
 * @param {string} ofSources
 * @param {string} ofGenerated
 */
export function stamp(ofSources, ofGenerated) {
  return `${ofSources}\n${ofGenerated}\n`;
}

/** @param {readonly string[]} inputs files and folders */
function fingerprint(inputs) {
  const hash = createHash('sha256');
  for (const file of inputs.flatMap(filesOf)) {
    const content = existsSync(file) ? readFileSync(file) : '';
    hash.update(`${file.slice(root.length)} ${content.length}\n`).update(content);
  }
  return hash.digest('hex');
}

/** @param {string} input */
function filesOf(input) {
  const path = join(root, input);
  if (input.includes('.')) return [path];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
