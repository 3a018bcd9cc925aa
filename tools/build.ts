// `npm run build`, and `latchkey build` and `latchkey check` in a project: builds what is stale.
import { resolve } from 'node:path';
import { findProject } from '../bin/project.js';
import { root } from '../bin/sources.js';
import { readCommandLine } from './command-line.ts';
import { build, ensureBuilt } from './compile.ts';
import { checkProject } from './project/check.ts';

const usage = `Usage: latchkey build [--with-tests] [--strict]
       latchkey check [--strict]

  --with-tests   compiles the tests, too
  --strict       takes for errors what is a warning otherwise, and what the build would have derived

"latchkey check" builds everything, and fails where that changes generated/.`;

const flag = { type: 'boolean', default: false } as const;
const given = readCommandLine(usage, { options: { 'with-tests': flag, strict: flag, check: flag } });
if (given) {
  const { 'with-tests': withTests, strict, check } = given.values;
  const project = resolve(findProject(process.cwd(), root) ?? root);
  const isStrict = strict === true;
  const isDone =
    check === true
      ? await checkProject(project, () => build(true, { project, isStrict }))
      : await (isStrict ? build : ensureBuilt)(withTests === true, { project, isStrict });
  if (!isDone) process.exitCode = 1;
}
