// The strict gate: all that linters and our own rules want of the contract and of what it is made of, as errors.
import { join } from 'node:path';
import { partsOf } from '../project/parts.ts';
import { readCheckOptions } from '../project/raw-documents.ts';
import { checkControllers, formatFinding, readSources } from './check-controllers.ts';
import type * as Lint from './lint.ts';

/**
 * @param root of a checkout of Latchkey, or of a project that is built on it
 * @returns a line for each finding, with its file and line where it is in the sources.
 */
export async function checkContractStrictly(root: string): Promise<string[]> {
  const sources = readSources(root);
  const parts = partsOf(root);
  const options = readCheckOptions(root, parts);
  const findings = checkControllers(sources, { ...options, isStrict: true });
  const { reportFindings, runLinters } = await loadLinters();
  const files = {
    '3.0': join(root, 'generated/openapi.json'),
    '3.1': join(root, 'dist/contract/openapi-3.1.json'),
  };
  const linted = reportFindings(await runLinters(files), {
    files,
    sources,
    isBuilders: options.isBuilders,
    // The rest of its contract is of a package.
    isProject: parts.length === 1,
  });
  return [...findings.map(formatFinding), ...linted];
}

/** Says which packages to install. */
export class MissingLinters extends Error {}

/** Few projects have them. */
async function loadLinters(): Promise<typeof Lint> {
  try {
    return await import('./lint.ts');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') throw error;
    throw new MissingLinters(
      `A strict check needs linters that are not installed (${message.split('\n')[0] ?? ''}). Run: npm install --save-dev @redocly/openapi-core @stoplight/spectral-core @stoplight/spectral-parsers @stoplight/spectral-rulesets @stoplight/spectral-owasp-ruleset`,
      { cause: error },
    );
  }
}
