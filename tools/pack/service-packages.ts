// What the service runs on, with the optional packages for traces and without those for development.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../bin/sources.js';

type Versions = Readonly<Record<string, string>>;

interface LockedManifest {
  readonly dependencies: Versions;
  readonly devDependencies: Versions;
}

interface Manifest extends LockedManifest {
  /** Optional: development dependencies, but in a checkout where they were added to the dependencies. */
  readonly tracePackages: Versions;
}

interface LockedPackage {
  readonly license?: string;
  readonly integrity?: string;
  readonly dev?: boolean;
  readonly dependencies?: Versions;
  readonly optionalDependencies?: Versions;
  readonly peerDependencies?: Versions;
}

type Packages = Readonly<Record<string, LockedPackage>>;

/** Their words are in what the build makes, with their notices (src/passwords/write-word-lists.ts). */
export const compiledIn: readonly string[] = ['common', 'en', 'de'].map(
  (language) => `@zxcvbn-ts/language-${language}`,
);

const readJson = (name: string): unknown => JSON.parse(readFileSync(join(root, name), 'utf8'));
const readManifest = (): Manifest => readJson('package.json') as Manifest;

/**
 * Writes package.json and package-lock.json for these packages alone. The `dev` of npm is not asked: with it, `npm sbom` leaves
 * out what a development dependency needs, too, such as Express.
 * @param others names of development dependencies that are to be among them.
 */
export function writeServiceManifests(folder: string, others: readonly string[] = []): void {
  const own = readManifest();
  const added: Record<string, string> = { ...own.tracePackages };
  for (const name of others) added[name] = own.devDependencies[name] ?? '';
  const lockfile = readJson('package-lock.json') as { readonly packages: Packages };
  const locked = Object.entries(findServicePackages(others)).map(
    ([path, found]) => [path, { ...found, dev: undefined }] as const,
  );
  const packages = {
    '': toServiceManifest(lockfile.packages[''] as LockedManifest, added),
    ...Object.fromEntries(locked),
  };
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(toServiceManifest(own, added), null, 2)}\n`);
  writeFileSync(join(folder, 'package-lock.json'), `${JSON.stringify({ ...lockfile, packages }, null, 2)}\n`);
}

function toServiceManifest(manifest: LockedManifest, added: Versions): object {
  return { ...manifest, dependencies: { ...added, ...manifest.dependencies }, devDependencies: undefined };
}

/**
 * @param others names of packages to be found besides, with what they need
 * @returns those of package-lock.json, by their paths.
 */
export function findServicePackages(others: readonly string[] = []): Packages {
  const { packages } = readJson('package-lock.json') as { readonly packages: Packages };
  const found: Record<string, LockedPackage> = {};
  const add = (names: Versions = {}, from = ''): void => {
    for (const name of Object.keys(names)) {
      const path = findPath(packages, name, from);
      const locked = packages[path];
      // An optional peer is not locked where nothing asks for it.
      if (!locked || found[path]) continue;
      found[path] = locked;
      add({ ...locked.dependencies, ...locked.optionalDependencies, ...locked.peerDependencies }, path);
    }
  };
  const { dependencies, tracePackages } = readManifest();
  add({
    ...dependencies,
    ...tracePackages,
    ...Object.fromEntries(others.map((name) => [name, ''])),
  });
  return found;
}

/** As Node finds a package: in the nearest `node_modules`. */
function findPath(packages: Packages, name: string, from: string): string {
  const path = `${from === '' ? '' : `${from}/`}node_modules/${name}`;
  if (from === '' || packages[path]) return path;
  return findPath(packages, name, from.slice(0, Math.max(0, from.lastIndexOf('/node_modules/'))));
}
