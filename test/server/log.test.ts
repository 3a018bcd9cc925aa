import { expect } from 'chai';
import { sql } from 'kysely';
import { DatabaseUnavailable } from '../../src/database/database-unavailable.js';
import { createLog } from '../../src/server/log.js';
import { databaseKinds } from '../support/databases.js';
import { TestApp } from '../support/test-app.js';

function messageOf(error: Error): string {
  const lines: { err: { message: string; stack: string } }[] = [];
  const log = createLog('info', { write: (line) => lines.push(JSON.parse(line) as (typeof lines)[number]) });
  log.error({ err: error }, 'it failed');
  const [line] = lines;
  expect(line?.err.stack).to.include(error.message);
  return line?.err.message ?? '';
}

describe('The message of an error in the log', () => {
  it("repeats no part of an error's message", () => {
    const cause = new Error('database is locked');
    expect(messageOf(new DatabaseUnavailable('database is locked', { cause }))).to.equal(
      'database is locked',
    );
    expect(messageOf(new Error('no response (database is locked)', { cause }))).to.equal(
      'no response (database is locked)',
    );
  });

  it('includes the causes that the message lacks', () => {
    const error = new Error('it failed', { cause: new Error('because', { cause: new Error('of that') }) });
    expect(messageOf(error)).to.equal('it failed: because: of that');
  });

  it('ends for circular causes', () => {
    const [one, other] = [new Error('one'), new Error('other')];
    one.cause = other;
    other.cause = one;
    expect(messageOf(one)).to.equal('one: other');
  });
});

for (const database of databaseKinds) {
  describe(`The log of a statement that violates a constraint on ${database}`, () => {
    let app: TestApp;
    let admin: string;
    before(async () => {
      app = await TestApp.start({ database });
      admin = (await app.login()).access_token;
    });
    after(() => app.close());

    const logOf = async (request: PromiseLike<unknown>): Promise<string> => {
      const before = app.logged.length;
      await request;
      const lines = app.logged.slice(before).filter(({ level }) => level === 50);
      expect(lines).to.have.length(1);
      return JSON.stringify(lines);
    };

    it('has no value of the existing row', async () => {
      await sql`create unique index one_name on clients (name)`.execute(app.services.database.queries);
      const client = { client_name: 'Private Matters' };
      await app.post('/clients', client, admin).expect(201);
      const log = await logOf(app.post('/clients', client, admin).expect(500));
      expect(log)
        .to.match(/unique/i)
        .and.not.to.include('Private Matters');
    });

    it('has no value of the refused row', async () => {
      const { queries } = app.services.database;
      if (database === 'postgres') {
        await sql`alter table roles add constraint described check (description <> 'Private Role')`.execute(
          queries,
        );
      } else {
        await sql`create trigger described before insert on roles when new.description = 'Private Role'
          begin select raise(abort, 'CHECK constraint failed: described'); end`.execute(queries);
      }
      const role = { description: 'Private Role', permissions: [] };
      const log = await logOf(app.put('/roles/faulty', role, admin).expect(500));
      expect(log).to.include('described').and.not.to.include('Private Role');
    });
  });
}
