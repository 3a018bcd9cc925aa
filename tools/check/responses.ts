// Whether tests have seen each response of the contract, for tools/check.ts.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from '../../bin/sources.js';

const compiled = pathToFileURL(join(root, 'dist/test/support/contract-coverage.js'));
const { renderCoverage } = (await import(compiled.href)) as { renderCoverage: () => string };
const file = join(root, 'docs/contract-coverage.md');
if (!existsSync(file) || readFileSync(file, 'utf8') !== renderCoverage()) {
  console.log(
    'docs/contract-coverage.md lacks responses of the contract. `npm test` writes it, once a test saw each of them.',
  );
  process.exitCode = 1;
}
