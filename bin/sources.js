// Whether the compiled code is that of the sources. Plain JavaScript, for the launcher: it is there before anything is built.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of this package: a checkout, or what is installed. */
export const root = fileURLToPath(new URL('..', import.meta.url));

/** A checkout runs its tools from their sources; Node strips no types in `node_modules`, so the package has them compiled. */
export const isCheckout = existsSync(join(root, 'tools/build.ts'));

/** @param {string} name such as `build`, of a file in `tools` */
export const findTool = (name) => join(root, 'tools', `${name}.${isCheckout ? 'ts' : 'js'}`);

/** What a build reads of the folder of a project. */
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
 * @param {string} [project] the folder of the project that is built
 */
export const stampFile = (withTests, project = root) =>
  join(project, 'dist', withTests ? 'tests.stamp' : 'build.stamp');

/** Whether the compiled code is there at all. */
export function isBuilt(project = root) {
  return existsSync(join(project, 'dist/src/project.js'));
}

/** Whether everything is there that a build needs: not after `npm ci --omit=dev`. */
export function canBuild(project = root) {
  const require = createRequire(join(project, 'package.json'));
  return ['tsoa/package.json', 'typescript/package.json'].every((file) => {
    try {
      return existsSync(require.resolve(file));
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'MODULE_NOT_FOUND') throw error;
      return false;
    }
  });
}

/**
 * Of what a build reads. Taken before it compiles, so that what is edited meanwhile counts as changed.
 * @param {boolean} withTests
 */
export function sourcesFingerprint(withTests, project = root) {
  return `${fingerprint(project, withTests ? [...sources, 'test'] : sources)}${packageFingerprint(project)}`;
}

/** Of what a build writes and git has: a checkout of another commit changes it. */
export function generatedFingerprint(project = root) {
  return fingerprint(project, ['generated']);
}

/** Whether the sources have changed since they were compiled. */
export function isStale(withTests = false, project = root) {
  // A build with the tests is one without them, too.
  return ![true, withTests].some((tests) => {
    const file = stampFile(tests, project);
    return (
      existsSync(file) &&
      readFileSync(file, 'utf8') === stamp(sourcesFingerprint(tests, project), generatedFingerprint(project))
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

/**
 * Of this package, where it is a dependency: another version makes something else of the same sources.
 * @param {string} project
 */
export function packageFingerprint(project) {
  return resolve(project) === resolve(root)
    ? ''
    : ` ${fingerprint(root, ['package.json', 'dist/contract/latchkey.json', 'tools'])}`;
}

/**
 * Compares contents, because a checkout and a copy of the folder change times.
 * @param {string} folder
 * @param {readonly string[]} inputs files and folders in it; what is not there counts as that
 */
export function fingerprint(folder, inputs) {
  const hash = createHash('sha256');
  for (const name of inputs.flatMap((input) => listFiles(folder, input))) {
    const path = join(folder, name);
    const content = existsSync(path) ? readFileSync(path) : undefined;
    hash.update(`${name} ${content?.length ?? 'none'}\n`).update(content ?? '');
  }
  return hash.digest('hex');
}

/** What tools keep beside sources, such as Schemathesis in `test`: no build reads it. */
const hidden = /(^|[\\/])(\.|__pycache__)/;

/**
 * @param {string} folder
 * @param {string} name
 */
function listFiles(folder, name) {
  const path = join(folder, name);
  if (!existsSync(path) || !statSync(path).isDirectory()) return [name];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter((file) => !hidden.test(file))
    .sort();
}
