// `npm run build`: builds what is stale.
import { readCommandLine } from './command-line.ts';
import { ensureBuilt } from './compile.ts';

const usage = `Usage: npm run build [-- --with-tests]

  --with-tests   compiles the tests, too`;

const given = readCommandLine(usage, { options: { 'with-tests': { type: 'boolean', default: false } } });
if (given && !(await ensureBuilt(given.values['with-tests'] === true))) process.exitCode = 1;
