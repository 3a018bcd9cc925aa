import { expect } from 'chai';
import { createSettingsTable } from '../../src/cli/docs-tables.js';
import { settings, type Setting } from '../../src/config/settings.js';

describe('the table of settings', () => {
  const rows = createSettingsTable()
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()));

  it('has a row of three cells for every setting, in order', () => {
    const [head, rule, ...body] = rows;
    expect(head).to.deep.equal(['', 'setting', 'default', 'what it does', '']);
    expect(rule).to.deep.equal(['', '---', '---', '---', '']);
    expect(body.map(([, name, , doc, ...end]) => [name, doc, end])).to.deep.equal(
      Object.values<Setting<unknown>>(settings).map(({ name, doc, secret }) => [
        `\`${name}\``,
        secret ? `${doc} Also as \`${name}_FILE\`.` : doc,
        [''],
      ]),
    );
  });

  it('shows each default, or its description', () => {
    const defaults = Object.fromEntries(rows.map(([, name, value]) => [name, value]));
    expect(defaults).to.include({
      '`PORT`': '`3000`',
      '`DATABASE_URL`': '`sqlite:data/latchkey.db`',
      '`LATCHKEY_ISSUER`': 'on SQLite the listening address; on PostgreSQL it must be set',
      '`LATCHKEY_LOGIN_LIMIT`': '0: no limit',
    });
    for (const [, , value] of rows) expect(value).not.to.be.empty;
  });
});
