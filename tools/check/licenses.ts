// Fails where a package that the service runs on has a license that is not among these, has none, or is not fixed by a checksum.
import { compiledIn, findServicePackages } from '../pack/service-packages.ts';

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

const faults = Object.entries(findServicePackages(compiledIn)).flatMap(([path, { license, integrity }]) => {
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
