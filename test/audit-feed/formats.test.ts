import { hostname } from 'node:os';
import { expect } from 'chai';
import type { ChainedRow } from '../../src/audit/audit-list.store.js';
import { formatCef } from '../../src/audit-feed/outputs/cef.js';
import { formatSyslog } from '../../src/audit-feed/outputs/syslog-message.js';

const row: ChainedRow = {
  id: '0199f3c2-7f00-7b12-9d3e-5a6b7c8d9e0f',
  at: Date.parse('2026-11-24T09:00:00.123Z'),
  event: 'user_renamed',
  actor_kind: 'user',
  actor_id: '0199f3c2-6d1e-7a44-8c5b-2f1d9e7a6b10',
  actor_name: 'grace',
  target_kind: 'user',
  target: '0199f3c2-6d1e-7a44-8c5b-2f1d9e7a6b11',
  target_name: 'ada',
  session_id: null,
  address: '192.0.2.7',
  user_agent: 'curl/8',
  request_id: null,
  details: '{"username":{"from":"ada","to":"Zoë"}}',
  count: 1,
  last_at: null,
  sequence: 4711,
  hash: 'ab'.repeat(32),
};
const nasty = 'x"]|= \\ \r\n<110>1 - - - - - -\u2028\u0085 suser=root CEF:0|';

/** What a receiver reads: keys end at an equals sign that is not escaped. */
function readCef(text: string): { header: string[]; extension: Record<string, string> } {
  const [, head = '', rest = ''] = /^CEF:((?:(?:\\.|[^\\|])*\|){7})(.*)$/s.exec(text) ?? [];
  const header = [...head.matchAll(/((?:\\.|[^\\|])*)\|/gs)].map(([, field = '']) =>
    field.replaceAll(/\\([\\|])/g, '$1'),
  );
  const keys = [...rest.matchAll(/(?:^| )([A-Za-z0-9]+)=/g)].filter(
    ({ 0: match, index }) => rest[index + match.length - 2] !== '\\',
  );
  const extension = keys.map(({ 0: match, 1: key, index }, place): [string, string] => {
    const value = rest.slice(index + match.length, keys[place + 1]?.index);
    const escapes: Record<string, string> = { n: '\n', r: '\r' };
    return [key ?? '', value.replaceAll(/\\(.)/gs, (_, one: string) => escapes[one] ?? one)];
  });
  return { header, extension: Object.fromEntries(extension) };
}

/** What a receiver reads by RFC 5424. */
function readSyslog(message: Buffer): { header: string; parameters: Record<string, string>; text: string } {
  const [, header = '', data = '', text = ''] =
    /^((?:\S+ ){5}\S+) \[latchkey@32473((?: [a-z_]+="(?:\\["\\\]]|[^"\\\]])*")*)\] \ufeff(.*)$/s.exec(
      message.toString(),
    ) ?? [];
  const parameters = [...data.matchAll(/ ([a-z_]+)="((?:\\["\\\]]|[^"\\\]])*)"/gs)].map(
    ([, name = '', value = '']): [string, string] => [name, value.replaceAll(/\\(["\\\]])/g, '$1')],
  );
  return { header, parameters: Object.fromEntries(parameters), text };
}

describe('A row of the audit as a syslog message', () => {
  it('has the header and the structured data of RFC 5424', () => {
    const { header, parameters, text } = readSyslog(formatSyslog(row, 'rfc5424', '0.2.0'));
    expect(header).to.equal(`<109>1 2026-11-24T09:00:00.123Z ${hostname()} latchkey - user_renamed`);
    expect(parameters).to.deep.equal({
      event: 'user_renamed',
      at: '2026-11-24T09:00:00.123Z',
      id: row.id,
      actor_kind: 'user',
      actor_id: row.actor_id,
      actor_name: 'grace',
      target_kind: 'user',
      target: row.target,
      target_name: 'ada',
      address: '192.0.2.7',
      user_agent: 'curl/8',
      details: row.details,
      count: '1',
      sequence: '4711',
      hash: row.hash,
    });
    expect(text).to.equal('user_renamed by grace on ada from 192.0.2.7');
  });

  it('warns of what was refused', () => {
    const message = formatSyslog({ ...row, event: 'login_failed' }, 'rfc5424', '0.2.0');
    expect(message.toString()).to.match(/^<108>1 /);
  });

  it('is one record, whatever is in a name', () => {
    const message = formatSyslog({ ...row, actor_name: nasty }, 'rfc5424', '0.2.0');
    expect(message.toString()).not.to.match(/[\p{Cc}\u2028\u2029]/u);
    const { parameters } = readSyslog(message);
    const shown = nasty
      .replaceAll('\r', '\\u000d')
      .replaceAll('\n', '\\u000a')
      .replaceAll('\u2028', '\\u2028')
      .replaceAll('\u0085', '\\u0085');
    expect(parameters).to.include({ actor_name: shown, target_name: 'ada' });
  });

  it('leaves out details that are longer than receivers accept, and says so', () => {
    const details = JSON.stringify({ permissions: 'x'.repeat(9000) });
    for (const format of ['rfc5424', 'cef'] as const) {
      const message = formatSyslog({ ...row, details }, format, '0.2.0');
      expect(message.length).to.be.below(8000);
      expect(message.toString()).to.include('omitted');
    }
  });

  it('cuts texts that are too long without the details as well: a row must not hold up those after it', () => {
    const text = 'ä'.repeat(100_000);
    for (const format of ['rfc5424', 'cef'] as const) {
      const message = formatSyslog({ ...row, actor_name: text, details: '{}' }, format, '0.2.0');
      expect(message.length).to.be.below(8000);
      expect(message.toString()).to.include('ä'.repeat(80)).and.to.include('omitted');
    }
  });

  it('carries CEF, in one record', () => {
    const message = formatSyslog({ ...row, actor_name: nasty }, 'cef', '0.2.0').toString();
    expect(message).to.match(/^<109>1 2026-11-24T09:00:00\.123Z \S+ latchkey - user_renamed - CEF:0\|/);
    expect(message).not.to.match(/[\p{Cc}\u2028\u2029]/u);
  });
});

describe('A row of the audit as CEF', () => {
  it('has the fields of the Common Event Format', () => {
    const { header, extension } = readCef(formatCef(row, '0.2.0'));
    expect(header).to.deep.equal([
      '0',
      'Latchkey',
      'Latchkey',
      '0.2.0',
      'user_renamed',
      'A user has another name.',
      '3',
    ]);
    expect(extension).to.deep.equal({
      rt: String(row.at),
      externalId: row.id,
      outcome: 'success',
      cnt: '1',
      suid: row.actor_id,
      suser: 'grace',
      duid: row.target,
      duser: 'ada',
      src: '192.0.2.7',
      requestClientApplication: 'curl/8',
      cs3: 'user',
      cs3Label: 'actorKind',
      cs4: 'user',
      cs4Label: 'targetKind',
      cs5: row.details,
      cs5Label: 'details',
      cs6: row.hash,
      cs6Label: 'hash',
      cn1: '4711',
      cn1Label: 'sequence',
    });
  });

  it('keeps a name with pipes, equals signs, backslashes and line breaks in its own field', () => {
    const text = formatCef({ ...row, actor_name: nasty, target_name: 'a\\' }, '0.2.0');
    expect(text).not.to.match(/[\p{Cc}\u2028\u2029]/u);
    const { extension } = readCef(text);
    expect(extension['suser']).to.equal(nasty.replaceAll(/[\u2028\u0085]/g, ' '));
    expect(extension).to.include({ duser: 'a\\', src: '192.0.2.7', cn1: '4711' });
  });

  it('escapes its header', () => {
    const { header } = readCef(formatCef({ ...row, event: 'a|b\\c\nd' }, '1|2'));
    expect(header.slice(3, 6)).to.deep.equal(['1|2', 'a|b\\c d', 'a|b\\c d']);
  });

  it('has addresses and networks of IPv6 in fields that accept them', () => {
    const inField = (address: string): Record<string, string> =>
      readCef(formatCef({ ...row, address }, '1')).extension;
    expect(inField('2001:db8::1')).to.include({ c6a2: '2001:db8::1' }).and.not.have.property('src');
    expect(inField('2001:db8::/64'))
      .to.include({ flexString1: '2001:db8::/64' })
      .and.not.have.property('c6a2');
  });

  it('says that what was counted began and ended', () => {
    const counted = { ...row, event: 'login_failed', count: 7, last_at: row.at + 5 };
    const { header, extension } = readCef(formatCef(counted, '1'));
    expect(header[6]).to.equal('5');
    expect(extension).to.include({
      cnt: '7',
      start: String(row.at),
      end: String(row.at + 5),
      outcome: 'failure',
    });
  });
});
