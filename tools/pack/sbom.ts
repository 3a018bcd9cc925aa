import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compiledIn, writeServiceManifests } from './service-packages.ts';
import { run } from './run.ts';
import { readVersion } from './version.ts';

/**
 * Writes what the service runs on, package by package with checksums, as CycloneDX. It is read from the lockfile: the packages
 * for traces, those that are compiled in and those of other platforms are in it, wherever it is made.
 * @returns the name of the file.
 */
export function writeSbom(folder: string): string {
  const bom = readBom();
  // npm takes the name of the folder.
  bom.metadata.component.name = 'latchkey';
  const file = `latchkey-${readVersion('package.json')}.cdx.json`;
  writeFileSync(join(folder, file), `${JSON.stringify(bom, undefined, 2)}\n`);
  return file;
}

interface Bom {
  readonly metadata: { readonly component: { name: string } };
}

function readBom(): Bom {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-sbom-'));
  try {
    writeServiceManifests(folder, compiledIn);
    const parameters = ['--package-lock-only', '--sbom-format', 'cyclonedx'];
    return JSON.parse(run(folder, 'npm', 'sbom', ...parameters)) as Bom;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
