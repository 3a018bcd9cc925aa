import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../bin/sources.js';

/**
 * All packages of a release have the version of the service.
 * @param file where a package says its version.
 * @throws where it says another.
 */
export function checkVersion(file: string, version: string | undefined): void {
  const service = readVersion('package.json');
  if (version !== service)
    throw new Error(
      `${file} has version ${version}, and package.json has ${service}. Write the same in both.`,
    );
}

/** @param file a package.json, from the repository's root. */
export function readVersion(file: string): string {
  return (JSON.parse(readFileSync(join(root, file), 'utf8')) as { version: string }).version;
}
