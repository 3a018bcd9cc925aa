import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { checkout } from './checkout.js';

interface Finding {
  readonly file: string;
  readonly line: number;
  readonly message: string;
  readonly severity: 'error' | 'warning';
}

/** `tools/contract/check-controllers.ts`, which Node runs from its source. */
export interface CheckTools {
  readonly readSources: (root: string) => object;
  readonly describeSources: (sources: object) => object;
  readonly checkControllers: (sources: object, options: object) => Finding[];
  readonly formatFinding: (finding: Finding) => string;
}

export async function loadCheckTools(): Promise<CheckTools> {
  const script = pathToFileURL(join(checkout, 'tools/contract/check-controllers.ts'));
  return (await import(script.href)) as CheckTools;
}

/** Has tsoa write the document that tsoa.json describes. */
export function runTsoa(folder: string): SpawnSyncReturns<string> {
  const script = join(checkout, 'node_modules/tsoa/dist/cli.js');
  return spawnSync(process.execPath, [script, 'spec'], { cwd: folder, encoding: 'utf8' });
}
