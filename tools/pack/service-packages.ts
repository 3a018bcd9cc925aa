// What the service runs on, with the optional packages for traces and without those for development.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../bin/sources.js';

type Versions = Readonly<Record<string, string>>;

interface Manifest {
  readonly dependencies: Versions;
  readonly devDependencies?: Versions;
  /** For traces: optional, and development dependencies, too. None in a checkout where they were added to the dependencies. */
  readonly peerDependencies?: Versions;
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

const readJson = (name: string): unknown => JSON.parse(readFileSync(join(root, name), 'utf8'));

/**
 * Writes package.json and package-lock.json for these packages alone. The `dev` of npm is not asked: with it, `npm sbom` leaves
 * out what a development dependency needs, too, such as Express.
 */
export function writeServiceManifests(folder: string): void {
  const manifest = toServiceManifest(readJson('package.json') as Manifest);
  const lockfile = readJson('package-lock.json') as { readonly packages: Packages };
  const own = toServiceManifest(lockfile.packages[''] as Manifest);
  const locked = Object.entries(findServicePackages()).map(
    ([path, found]) => [path, { ...found, dev: undefined }] as const,
  );
  const packages = { '': own, ...Object.fromEntries(locked) };
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  writeFileSync(join(folder, 'package-lock.json'), `${JSON.stringify({ ...lockfile, packages }, null, 2)}\n`);
}

function toServiceManifest({ devDependencies = {}, ...manifest }: Manifest): Manifest {
  const forTraces: Record<string, string> = {};
  for (const name of Object.keys(manifest.peerDependencies ?? {}))
    forTraces[name] = devDependencies[name] ?? '';
  return { ...manifest, dependencies: { ...manifest.dependencies, ...forTraces } };
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
  const own = packages[''];
  add({
    ...own?.dependencies,
    ...own?.peerDependencies,
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
