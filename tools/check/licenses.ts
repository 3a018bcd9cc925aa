// Fails where a package that the service runs on has a license that is not among these, has none, or is not fixed by a checksum.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../bin/sources.js';

/** Each allows use, change and distribution, with its notice alone. */
const allowed = [
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'MIT',
  'MIT-0',
  '(MIT OR Apache-2.0)',
];

/** What the lockfile does not say, read in the package itself. */
const unsaid: Readonly<Record<string, string>> = {
  busboy: 'MIT',
  streamsearch: 'MIT',
};

interface LockedPackage {
  readonly license?: string;
  readonly integrity?: string;
  readonly dev?: boolean;
  readonly link?: boolean;
}

const lockfile = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
  readonly packages: Readonly<Record<string, LockedPackage>>;
};
const faults = Object.entries(lockfile.packages)
  .filter(([path, { dev, link }]) => path.startsWith('node_modules/') && !dev && !link)
  .flatMap(([path, { license, integrity }]) => {
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    const known = license ?? unsaid[name];
    return [
      ...(known !== undefined && allowed.includes(known)
        ? []
        : [`${name} has the license ${known ?? 'that package-lock.json does not name'}.`]),
      ...(integrity === undefined ? [`${name} has no checksum in package-lock.json.`] : []),
    ];
  });
if (faults.length > 0) {
  console.error(
    [...faults, 'Take another package, or see in tools/check/licenses.ts what is allowed.'].join('\n'),
  );
  process.exitCode = 1;
}
