// The strict check of the contract, for tools/check.ts: prints what it finds. What linters load is loaded here alone.
import { root } from '../../bin/sources.js';
import { checkContractStrictly } from '../contract/strict.ts';

const findings = await checkContractStrictly(root);
if (findings.length > 0) {
  console.log(findings.join('\n'));
  process.exitCode = 1;
}
