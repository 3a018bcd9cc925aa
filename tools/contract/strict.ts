// The strict gate: all that linters and our own rules want of the contract and of what it is made of, as errors.
import { root } from '../../bin/sources.js';
import { listDescribedTags, readRawDocument } from '../project/parts.ts';
import { checkControllers, formatFinding, readSources } from './check-controllers.ts';
import { lintContract } from './lint.ts';

/** @returns a line for each finding, with its file and line where it is in the sources. */
export async function checkContractStrictly(): Promise<string[]> {
  const sources = readSources(root);
  const findings = checkControllers(sources, {
    document: readRawDocument(root),
    describedTags: listDescribedTags(root),
    isStrict: true,
  });
  return [...findings.map(formatFinding), ...(await lintContract({ sources }))];
}
