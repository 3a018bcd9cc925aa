// ESLint over the tests, in a process of its own beside tools/check/typed.ts, for where all files are to be looked at: each has
// a program of its own, and types are read as far as the rules ask for them.
import { join } from 'node:path';
import { root } from '../../bin/sources.js';
import { Builder } from '../project/builder.ts';
import { createLinter, isTest, listLinted } from './lint.ts';

const compiler = new Builder(root, { withTests: true }).getCompiler('tsconfig.json');
compiler.load();
const eslint = createLinter(root, [compiler]);
const files = (await listLinted(root, eslint)).filter(isTest);
const results = await eslint.lintFiles(files.map((file) => join(root, file)));
const found = results.filter(({ messages }) => messages.length > 0);
process.send?.(found, () => {
  process.disconnect();
});
