import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { checkout } from '../support/checkout.js';

interface State {
  readonly version: string;
  readonly versions: Readonly<Record<string, string | undefined>>;
  readonly changelog: string;
  readonly changes: string;
  readonly isTagged: boolean;
  readonly isPublishing: boolean;
}

/** `tools/release/checks.ts`, which Node runs from its source. */
interface Checks {
  readonly findReleaseErrors: (state: State) => string[];
  readonly dateChangelog: (changelog: string, version: string, date: string) => string;
}

const ready: State = {
  version: '0.3.0',
  versions: { 'packages/guard/package.json': '0.3.0' },
  changelog: '# Changelog\n\n## 0.3.0, not yet released\n\n- More.\n\n## 0.2.0, 2026-11-29\n',
  changes: '',
  isTagged: false,
  isPublishing: false,
};
const dated = ready.changelog.replace('not yet released', '2026-12-01');

describe('A release', () => {
  let checks: Checks;
  before(async () => {
    checks = (await import(pathToFileURL(join(checkout, 'tools/release/checks.ts')).href)) as Checks;
  });

  it('is made where nothing is in the way, and published once it is dated', () => {
    expect(checks.findReleaseErrors(ready)).to.deep.equal([]);
    expect(checks.dateChangelog(ready.changelog, '0.3.0', '2026-12-01')).to.equal(dated);
    const tagged = { ...ready, changelog: dated, isTagged: true, isPublishing: true };
    expect(checks.findReleaseErrors(tagged)).to.deep.equal([]);
  });

  for (const [what, change, says] of [
    [
      'a package has another version',
      { versions: { 'a.json': '0.2.0' } },
      /^package\.json has version 0\.3\.0, and a\.json has 0\.2\.0\./,
    ],
    [
      'the changelog has no section',
      { changelog: '# Changelog\n' },
      /^CHANGELOG\.md has no section "## 0\.3\.0, not yet released"\.$/,
    ],
    ['it was released', { changelog: dated }, /^CHANGELOG\.md says that 0\.3\.0 was released\./],
    ['it is tagged', { isTagged: true }, /^There is a tag v0\.3\.0 already\./],
    [
      'something is not committed',
      { changes: ' M src/ids.ts\n' },
      /^There are changes that are not committed:\n M src\/ids\.ts$/,
    ],
    [
      'it is to be published without a date',
      { isPublishing: true },
      /^CHANGELOG\.md says no date for 0\.3\.0\./,
    ],
  ] as const) {
    it(`is refused where ${what}`, () => {
      const errors = checks.findReleaseErrors({ ...ready, ...change });
      expect(errors).to.have.length(1);
      expect(errors[0]).to.match(says);
    });
  }
});
