import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../bin/sources.js';
import { run } from './run.ts';
import { readVersion } from './version.ts';

/**
 * Writes what the service runs on, package by package with checksums, as CycloneDX.
 * @returns the name of the file.
 */
export function writeSbom(folder: string): string {
  const bom = JSON.parse(run(root, 'npm', 'sbom', '--sbom-format', 'cyclonedx', '--omit', 'dev')) as {
    readonly metadata: { readonly component: { name: string } };
  };
  // npm takes the name of the checkout's folder.
  bom.metadata.component.name = 'latchkey';
  const file = `latchkey-${readVersion('package.json')}.cdx.json`;
  writeFileSync(join(folder, file), `${JSON.stringify(bom, undefined, 2)}\n`);
  return file;
}
