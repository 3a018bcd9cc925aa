import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { contractFiles } from '../support/repository-contract.js';
import { temporaryFolder } from '../support/folders.js';

interface Schema {
  enum: string[];
  'x-extensible-enum'?: string[];
}
interface Document {
  readonly components: { readonly schemas: Record<string, Schema> };
}
interface Comparison {
  readonly outcome: string;
  readonly text: string;
}
interface Tool {
  compareContracts(before: string, now: string): Comparison;
  removeNewValues(before: Document, now: Document): Document;
}

describe('The comparison of the contract with the released one', () => {
  const folder = temporaryFolder();
  let tool: Tool;
  before(async () => {
    const script = pathToFileURL(join(import.meta.dirname, '../../../tools/contract/compare.ts'));
    tool = (await import(script.href)) as Tool;
  });

  const document = (): Document => JSON.parse(readFileSync(contractFiles.json, 'utf8')) as Document;
  /** The contract, with the values of one of its enums changed. */
  function changed(name: string, change: (values: string[]) => string[]): Document {
    const now = document();
    const schema = now.components.schemas[name];
    if (!schema) throw new Error(`The contract has no ${name}.`);
    schema.enum = change(schema.enum);
    if (schema['x-extensible-enum']) schema['x-extensible-enum'] = schema.enum;
    return now;
  }

  it('leaves out the codes of problems that are new, and nothing else', () => {
    const codes = document().components.schemas['ProblemCode']?.enum;
    const grown = changed('ProblemCode', (values) => ['new_code', ...values]);
    const { components } = tool.removeNewValues(document(), grown);
    expect(components.schemas['ProblemCode']?.enum).to.deep.equal(codes);
    for (const other of [
      changed('ProblemCode', (values) => values.slice(1)),
      changed('ClientAuthMethod', (values) => [...values, 'none']),
    ])
      expect(tool.removeNewValues(document(), other)).to.deep.equal(other);
  });

  for (const [what, name, change, outcome] of [
    ['a new code of a problem is no break', 'ProblemCode', (values) => ['new_code', ...values], 'same'],
    ['a code that is gone is one', 'ProblemCode', (values) => values.slice(1), 'breaks'],
    ['a new value of another enum is one', 'RevokedKind', (values) => [...values, 'new_kind'], 'breaks'],
  ] as const satisfies readonly (readonly [string, string, (values: string[]) => string[], string])[]) {
    it(`with oasdiff, ${what}`, function () {
      this.timeout(300_000); // oasdiff may have to be compiled
      const [before, now] = [folder.path('before.json'), folder.path('now.json')];
      writeFileSync(before, JSON.stringify(document()));
      writeFileSync(now, JSON.stringify(changed(name, change)));
      const comparison = tool.compareContracts(before, now);
      // No Go, or no network to have oasdiff from: CI has both.
      if (['absent', 'failed'].includes(comparison.outcome)) this.skip();
      expect(comparison).to.include({ outcome });
    });
  }
});
