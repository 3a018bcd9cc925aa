import { expect } from 'chai';
import type { AuditEntry } from '../../src/audit-feed/audit.models.js';
import { databaseKinds } from '../support/databases.js';
import { readJsonLines, runCommand } from '../support/run-command.js';
import { TestApp } from '../support/test-app.js';

const password = 'the password of ada';

for (const kind of databaseKinds) {
  describe(`The commands for the audit beside a running service, on ${kind}`, () => {
    let app: TestApp;
    let id: string;
    before(async () => {
      app = await TestApp.start({ database: kind });
      ({ id } = await app.createUser('Ada', password));
      app.clock.advance(3600);
      await app.login('ada', password);
      app.clock.advance(3600);
      await runCommand(['users', 'disable', 'ada'], {
        clock: app.clock,
        environment: { ...app.environment, SUDO_USER: 'grace' },
      });
      app.clock.advance(60);
    });
    after(() => app.close());

    async function succeed(...words: string[]): Promise<string> {
      const { exitCode, stdout, stderr } = await runCommand(['audit', ...words], app);
      expect({ exitCode, stderr }).to.deep.equal({ exitCode: 0, stderr: '' });
      return stdout;
    }
    async function readEntries(...words: string[]): Promise<AuditEntry[]> {
      return readJsonLines(await succeed(...words)) as AuditEntry[];
    }
    const eventsOf = (entries: readonly AuditEntry[]): string[] => entries.map(({ event }) => event);

    it('audit list says who disabled Ada and when', async () => {
      const [entry, ...others] = await readEntries(
        'list',
        '--target',
        'ada',
        '--event',
        'user_disabled',
        '--json',
      );
      expect(others).to.deep.equal([]);
      expect(entry).to.include({ at: new Date(app.clock.now() - 60_000).toISOString() });
      expect(entry?.target).to.deep.equal({ kind: 'user', id, name: 'Ada' });
      expect(entry?.actor).to.have.property('kind', 'operator');
      const table = await succeed('list', '--target', 'ada', '--event', 'user_disabled');
      expect(table).to.match(/^time +event +count +actor +target +address +details\n/);
      expect(table).to.match(/Z +user_disabled +1 +operator \S.* +user Ada/);
    });

    it('audit verify and list print control characters as their numbers', async () => {
      const { queries } = app.services.database;
      await app.services.auditChain.run();
      const row = await queries.selectFrom('audit').selectAll().orderBy('sequence').executeTakeFirstOrThrow();
      const event = '\u001b[2K\rThe audit is whole.\u009b8m';
      await queries.updateTable('audit').set({ event, details: '{' }).where('id', '=', row.id).execute();
      const { exitCode, stderr } = await runCommand(['audit', 'verify'], app);
      expect({ exitCode, isFound: stderr.startsWith('The audit is not whole.') }).to.deep.equal({
        exitCode: 5,
        isFound: true,
      });
      for (const words of [['list', '--oldest-first'], ['list', '--json', '--oldest-first'], ['export']])
        expect(await succeed(...words))
          .to.include('\\u001b[2K')
          .and.not.to.match(/[\u001b\u009b]/u);
      await queries.updateTable('audit').set(row).where('id', '=', row.id).execute();
    });

    it('audit list finds by an actor, a time and an order, and no more than it is told', async () => {
      expect(eventsOf(await readEntries('list', '--actor', 'ada', '--json'))).to.deep.equal(['login']);
      const recent = await readEntries('list', '--target', id, '--from', '30m', '--json');
      expect(eventsOf(recent)).to.deep.equal(['user_disabled']);
      const oldest = await readEntries('list', '--target', 'Ada', '--oldest-first', '--limit', '2', '--json');
      expect(eventsOf(oldest)).to.deep.equal(['user_created', 'login']);
      const { actor } = (await readEntries('list', '--event', 'user_disabled', '--json'))[0] ?? {};
      expect(eventsOf(await readEntries('list', '--actor', actor?.name ?? '', '--json'))).to.deep.equal([
        'user_disabled',
      ]);
      expect(await succeed('list', '--address', '192.0.2.1')).to.equal(
        'There is nothing like that in the audit.\n',
      );
    });

    it('refuses an unknown event, an invalid time and an invalid count', async () => {
      for (const [words, says] of [
        [['list', '--event', 'user_disable'], /Allowed choices are login, /],
        [['list', '--from', 'yesterday'], /^--from must be a day such as 2026-11-29 \(UTC\)/],
        [['list', '--to', '2026-11-29T20:00'], /^--to must be a day/],
        [['export', '--to', '2026-13-29'], /^--to must be a day/],
        [['list', '--limit', '0'], /whole number from 1/],
        [['export', 'all'], /too many arguments/],
      ] as const) {
        const { exitCode, stderr, stdout } = await runCommand(['audit', ...words], app);
        expect({ exitCode, stdout }, words.join(' ')).to.deep.equal({ exitCode: 2, stdout: '' });
        expect(stderr).to.match(says);
      }
    });

    it('audit export prints everything in the order of the chain, as GET /audit shows it', async () => {
      await app.createUser('Zoe', password);
      const entries = await readEntries('export');
      expect(entries.map(({ sequence }) => sequence)).to.deep.equal(entries.map((_, index) => index + 1));
      app.clock.advance(1);
      const { access_token: token } = await app.login();
      const { body } = await app.get('/audit?order=oldest&limit=200', token).expect(200);
      const listed = (body as { items: AuditEntry[] }).items.slice(0, -1);
      // What is of one millisecond is in no order there.
      expect(listed.sort((one, other) => Number(one.sequence) - Number(other.sequence))).to.deep.equal(
        entries,
      );
    });

    it('audit export prints what happened in a span of time', async () => {
      const all = await readEntries('export');
      const disabled = all.find(({ event }) => event === 'user_disabled');
      const after = new Date(Date.parse(disabled?.at ?? '') + 1).toISOString();
      expect(await readEntries('export', '--from', disabled?.at ?? '', '--to', after)).to.deep.equal([
        disabled,
      ]);
      expect(await readEntries('export', '--to', '2001-01-01')).to.deep.equal([]);
    });

    it('audit export reads many rows in parts, in order', async () => {
      const { queries } = app.services.database;
      const [row] = await queries.selectFrom('audit').selectAll().limit(1).execute();
      if (!row) throw new Error('There is no row.');
      const ids = Array.from(
        { length: 1200 },
        (_, index) => `ffffffff-0000-7000-8000-${String(index).padStart(12, '0')}`,
      );
      for (let from = 0; from < ids.length; from += 300) {
        const rows = ids
          .slice(from, from + 300)
          .map((each) => ({ ...row, id: each, sequence: null, hash: null }));
        await queries.insertInto('audit').values(rows).execute();
      }
      const entries = await readEntries('export');
      expect(entries.length).to.be.above(1200);
      expect(entries.map(({ sequence }) => sequence)).to.deep.equal(entries.map((_, index) => index + 1));
    });

    it('audit verify says that the audit is whole', async () => {
      expect(await succeed('verify')).to.match(
        /^The audit is whole: rows 1 to \d+, since \S+Z, and the seals of 0 days\.\n$/,
      );
      expect((await readEntries('verify', '--json'))[0]).to.include({ ok: true, after: 0, unchained: 0 });
    });

    it('audit verify names the first row that was changed, and exits with 5', async () => {
      const { queries } = app.services.database;
      await queries.updateTable('audit').set({ actor_name: 'mallory' }).where('sequence', '=', 3).execute();
      const { exitCode, stdout, stderr } = await runCommand(['audit', 'verify'], app);
      expect({ exitCode, stdout }).to.deep.equal({ exitCode: 5, stdout: '' });
      expect(stderr).to.match(/^The audit is not whole\. [Rr]ow 3 /);
      const json = await runCommand(['audit', 'verify', '--json'], app);
      expect(json.exitCode).to.equal(5);
      expect(JSON.parse(json.stdout))
        .to.deep.include({ ok: false })
        .and.nested.include({ 'error.sequence': 3 });
    });
  });
}
