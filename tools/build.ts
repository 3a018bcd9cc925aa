// `npm run build`: builds what is stale.
import { root } from '../bin/sources.js';
import { readCommandLine } from './command-line.ts';
import { ensureBuilt } from './compile.ts';

const usage = `Usage: npm run build [-- --with-tests] [--strict]

  --with-tests   compiles the tests, too
  --strict       takes warnings for errors, and asks linters, too`;

const given = readCommandLine(usage, {
  options: {
    'with-tests': { type: 'boolean', default: false },
    strict: { type: 'boolean', default: false },
  },
});
if (given) {
  const isBuilt = await ensureBuilt(given.values['with-tests'] === true);
  if (!isBuilt || (given.values['strict'] === true && !(await passesStrictly()))) process.exitCode = 1;
}

/** @returns whether it does; what does not is on stderr. */
async function passesStrictly(): Promise<boolean> {
  const { checkContractStrictly } = await import('./contract/strict.ts');
  const findings = await checkContractStrictly(root);
  if (findings.length > 0) console.error(`${findings.join('\n')}\n\nThe strict check failed.`);
  return findings.length === 0;
}
