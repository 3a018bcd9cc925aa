// The strict gate: all that linters and our own rules want of the contract and of what it is made of, as errors.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../bin/sources.js';
import { checkControllers, formatFinding, readSources } from './check-controllers.ts';
import { lintContract } from './lint.ts';
import type { TsoaDocument } from './tsoa-document.ts';

/** @returns a line for each finding, with its file and line where it is in the sources. */
export async function checkContractStrictly(): Promise<string[]> {
  const sources = readSources(root);
  const file = join(root, 'dist/contract/tsoa.json');
  const { spec } = readJson(join(root, 'tsoa.json')) as { spec: { tags?: { name: string }[] } };
  const findings = checkControllers(sources, {
    document: existsSync(file) ? (readJson(file) as TsoaDocument) : undefined,
    describedTags: (spec.tags ?? []).map(({ name }) => name),
    isStrict: true,
  });
  return [...findings.map(formatFinding), ...(await lintContract({ sources }))];
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}
