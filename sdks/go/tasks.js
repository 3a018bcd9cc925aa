// How the Go client is made and tested: see tools/sdk.ts.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { listOperations } from '../../tools/sdk/operations.ts';

export const needs = ['go'];

/** oapi-codegen and gotestsum are pinned in tools/, so that the client's users do not get their dependencies. */
const tool = (name) => ['-C', 'tools', 'tool', name];

export async function generate({ document, folder, run }) {
  await run('go', [...tool('oapi-codegen'), '-config', 'oapi-codegen.yaml', document]);
  writeFileSync(join(folder, 'generated/api/contract_operations.go'), renderOperations(document));
  await run('gofmt', ['-w', 'generated/api/contract_operations.go']);
}

function renderOperations(document) {
  const entries = listOperations(document).map(({ method, path, takesToken, mediaTypes, renewsTokens }) => {
    const types = mediaTypes.map((type) => JSON.stringify(type)).join(', ');
    return `\t{"${method}", "${path}", ${takesToken}, []string{${types}}, ${renewsTokens}},\n`;
  });
  return `package api

// ContractOperation is what the client has to know of an operation beside its types.
type ContractOperation struct {
	Method     string
	Path       string
	TakesToken bool
	// MediaTypes of its successful responses; an empty one stands for a response without a body.
	MediaTypes []string
	// RenewsTokens says whether its response has the next tokens of the session.
	RenewsTokens bool
}

// ContractOperations are those of the contract, those with fewer parameters in their paths first.
var ContractOperations = []ContractOperation{
${entries.join('')}}
`;
}

export async function test({ document, folder, run, env }) {
  const unformatted = (await run('gofmt', ['-l', '.'])).trim();
  if (unformatted !== '') throw new Error(`gofmt would change:\n${unformatted}`);
  await run('go', ['mod', 'tidy', '-diff']);
  await run('go', ['vet', './...']);
  const report = join(folder, 'build/report.xml');
  // The race detector needs a C compiler.
  const canFindRaces = (await run('go', ['env', 'CGO_ENABLED'])).trim() === '1';
  const command = [
    'go',
    '-C',
    '..',
    'test',
    '-json',
    '-count=1',
    ...(canFindRaces ? ['-race'] : []),
    './...',
  ];
  await run('go', [...tool('gotestsum'), `--junitfile=${report}`, '--raw-command', '--', ...command], {
    env: { ...env, LATCHKEY_DOCUMENT: document },
    report,
  });
}
