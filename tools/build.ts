// `npm run build`, and `latchkey build` and `latchkey check` in a project: builds what is stale.
import { resolve } from 'node:path';
import { findProject } from '../bin/project.js';
import { isCheckout, root } from '../bin/sources.js';
import { readCommandLine } from './command-line.ts';
import { build, ensureBuilt } from './compile.ts';
import { checkProject } from './project/check.ts';

const usage = `Usage: ${isCheckout ? 'npm run build [-- --with-tests] [--strict]' : 'latchkey build [--with-tests] [--strict]'}
       latchkey check [--strict]

  --with-tests   compiles the tests, too
  --strict       takes warnings for errors, and asks linters, too

"latchkey check" builds everything, and fails where that changes generated/.`;

const flag = { type: 'boolean', default: false } as const;
const given = readCommandLine(usage, { options: { 'with-tests': flag, strict: flag, check: flag } });
if (given) {
  const { 'with-tests': withTests, strict, check } = given.values;
  const project = resolve(findProject(process.cwd(), root) ?? root);
  const isBuilt =
    check === true
      ? await checkProject(project, () => build(true, { project }))
      : await ensureBuilt(withTests === true, { project });
  if (!isBuilt || (strict === true && !(await passesStrictly(project)))) process.exitCode = 1;
}

/** @returns whether it does; what does not is on stderr. */
async function passesStrictly(project: string): Promise<boolean> {
  const { checkContractStrictly, MissingLinters } = await import('./contract/strict.ts');
  try {
    const findings = await checkContractStrictly(project);
    if (findings.length > 0) console.error(`${findings.join('\n')}\n\nThe strict check failed.`);
    return findings.length === 0;
  } catch (error) {
    if (!(error instanceof MissingLinters)) throw error;
    console.error(error.message);
    return false;
  }
}
