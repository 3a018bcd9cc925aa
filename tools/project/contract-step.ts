// The last step of a build: merges and completes the contract, in a process of its own.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageFingerprint, root as packageFolder } from '../../bin/sources.js';
import { describeSources, type Sources } from '../contract/check-controllers.ts';
import type { Compiler } from './compiler.ts';
import type { Part } from './parts.ts';
import { toolFiles, type Steps } from './steps.ts';

const contractFiles = [
  'generated/openapi.json',
  'dist/contract/openapi-3.1.json',
  'dist/contract/openapi.yaml',
];
const script = 'src/contract/write-contract';

interface ContractStep {
  readonly root: string;
  /** Whether Latchkey itself is built. */
  readonly isLatchkey: boolean;
  readonly parts: readonly Part[];
  readonly steps: Steps;
  readonly compiler: Compiler;
  readonly sources: Sources;
}

interface ContractOutcome {
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  readonly hasChanged: boolean;
}

export function completeContract({
  root,
  isLatchkey,
  parts,
  steps,
  compiler,
  sources,
}: ContractStep): ContractOutcome {
  // A project's own problems, and what its files may be, are known by loading it, which takes longer than all the rest.
  const loaded = compiler.findSources(
    /(?<!function )\bdefineProblems\s*[(<]|@(?:UploadedFiles?|FormField)\([^)]*\)\s/,
  );
  const step = {
    inputs: [
      ...toolFiles,
      ...parts.map(({ documentFile }) => documentFile),
      ...(isLatchkey ? compiler.dependenciesOf(`${script}.ts`) : []),
      ...loaded.flatMap((file) => compiler.dependenciesOf(file)),
    ],
    outputs: isLatchkey ? ['dist/contract/latchkey.json', ...contractFiles] : contractFiles,
    key: `${JSON.stringify(writeSources(root, parts, sources))}${packageFingerprint(root)}`,
  };
  const done = steps.find('contract', step);
  if (done) return { errors: [], warnings: done.warnings, hasChanged: false };
  const words = [
    join(packageFolder, 'dist', `${script}.js`),
    root,
    ...(loaded.length === 0 ? ['--without-project'] : []),
  ];
  const { status, stderr } = spawnSync(process.execPath, words, { cwd: root, encoding: 'utf8' });
  const said = stderr.split('\n').filter((line) => line !== '');
  if (status !== 0)
    return { errors: said.map((line) => addPlace(line, sources)), warnings: [], hasChanged: false };
  steps.setDone('contract', step, { warnings: said });
  return { errors: [], warnings: said, hasChanged: true };
}

/** Of a decorator that has thrown, which knows its method alone. */
function addPlace(line: string, { controllers }: Sources): string {
  const [, className, method] = /^@FileLimits of (\w+)\.(\w+):/.exec(line) ?? [];
  const place = controllers
    .find(({ name }) => name === className)
    ?.operations.find(({ name }) => name === method)?.fileLimitsAt;
  return place === undefined ? line : `${place}: ${line}`;
}

/** @returns what decides on the contract: lines only matter to what is said of errors. */
function writeSources(root: string, parts: readonly Part[], sources: Sources): object[] {
  return parts.map(({ has, sourcesFile }) => {
    const { places, models, ...described } = describeSources({
      controllers: sources.controllers.filter(({ file }) => has(file)),
      models: sources.models.filter(({ file }) => has(file)),
    });
    writeFileSync(join(root, sourcesFile), JSON.stringify({ places, models, ...described }));
    return described;
  });
}
