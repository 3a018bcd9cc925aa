import { expect } from 'chai';
import { sql } from 'kysely';
import { serviceActor } from '../../src/audit/actor.js';
import type { TokenSet } from '../../src/sessions/sessions.models.js';
import { accountTables, ownDataParts, tablesNotExported } from '../../src/accounts/own-data-parts.js';
import type { OwnData } from '../../src/accounts/own-data.models.js';
import type { Queries } from '../../src/database/database.js';
import { createId } from '../../src/ids.js';
import { requestClientToken, createClient } from '../support/oauth-clients.js';
import { formatCookies, readCookies } from '../support/cookies.js';
import { databaseKinds } from '../support/databases.js';
import { TestApp } from '../support/test-app.js';
import { readJwt } from '../support/tokens.js';
import { until } from '../support/until.js';

const password = 'correct horse battery';

async function listTablesWithUsers(queries: Queries): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`select t.name as name from pragma_table_list t
    join pragma_table_info(t.name) c where t.schema = 'main' and c.name = 'user_id'`.execute(queries);
  return rows.map(({ name }) => name);
}

for (const database of databaseKinds) {
  describe(`What is stored about a user, on ${database}`, () => {
    let app: TestApp;
    let admin: string;
    let made = 0;
    const told: string[] = [];
    before(async () => {
      app = await TestApp.start({
        database,
        settings: { JWT_TOKEN_LOCATION: 'headers,cookies' },
        hooks: {
          accountDeleted: ({ id }) => {
            told.push(id);
            if (told.length === 1) throw new Error('the newsletter is down');
          },
        },
      });
      ({ access_token: admin } = await app.login());
      await app.put('/roles/writer', { permissions: ['users:write', 'users:read'] }, admin).expect(201);
    });
    after(() => app.close());

    async function setAddress(id: string, verifiedAt: number | null): Promise<void> {
      const address = `${id}@example.com`;
      await app.services.database.queries
        .updateTable('users')
        .set({ email: address, email_key: address, email_verified_at: verifiedAt })
        .where('id', '=', id)
        .execute();
    }

    async function newUser(...roles: string[]) {
      const user = await app.createUser(`user ${++made}`, password, roles);
      const { access_token: token } = await app.login(user.username, password);
      return { ...user, token };
    }

    describe('GET /me/export', () => {
      it('has the account, its sessions and its accounts elsewhere, and no secret', async () => {
        const { id, username, token, created_at: createdAt } = await newUser('writer');
        await app.services.database.queries
          .insertInto('latchkey_foreign_ids')
          .values({
            source: 'shop',
            foreign_id: `shop-${id}`,
            user_id: id,
            email: 'ada@example.com',
            email_verified: 1,
            imported_at: app.clock.now(),
          })
          .execute();
        const ended = await app.login(username, password);
        await app.post('/logout', { refresh_token: ended.refresh_token }).expect(204);
        const { body, headers, text } = await app.get('/me/export', token).expect(200);
        expect(headers).to.include({
          'content-type': 'application/json; charset=utf-8',
          'content-disposition': 'attachment; filename="account.json"',
        });
        const now = new Date(app.clock.now()).toISOString();
        const data = body as OwnData;
        expect(data).to.deep.include({ format: 1, exported_at: now });
        expect(data.account).to.deep.equal({
          id,
          username,
          roles: ['writer'],
          permissions: ['users:read', 'users:write'],
          password_change_required: false,
          created_at: createdAt,
          updated_at: createdAt,
          last_login_at: now,
        });
        expect(data.sessions.map((session) => [session.id, session.ended_at])).to.have.deep.members([
          [readJwt(token).claims['sid'], undefined],
          [readJwt(ended.access_token).claims['sid'], now],
        ]);
        expect(data.passkeys).to.deep.equal([]);
        expect(data.messages).to.deep.equal([]);
        expect(data.foreign_accounts).to.deep.equal([
          {
            source: 'shop',
            id: `shop-${id}`,
            email: 'ada@example.com',
            email_verified: true,
            imported_at: now,
          },
        ]);
        expect(data.events.map(({ event }) => event)).to.have.members([
          'user_created',
          'login',
          'login',
          'logout',
          'own_data_exported',
        ]);
        expect(text).not.to.match(/argon2|hash|secret|epoch|version/);
      });

      it('says that others acted, and not who they are', async () => {
        const { id, username, token } = await newUser();
        await app.patch(`/users/${id}`, { username: `${username} again` }, admin).expect(200);
        const { access_token: current } = await app.login(`${username} again`, password);
        await app.get('/me/export', token).expect(401);
        const { body, text } = await app.get('/me/export', current).expect(200);
        const renamed = (body as OwnData).events.find(({ event }) => event === 'user_renamed');
        expect(renamed).to.have.all.keys('id', 'at', 'event', 'by_you', 'actor_kind', 'details', 'count');
        expect(renamed).to.deep.include({
          by_you: false,
          actor_kind: 'user',
          details: { username: { from: username, to: `${username} again` } },
        });
        expect(text).not.to.include('"admin"');
        expect(text).not.to.include(readJwt(admin).claims['sid']);
      });

      it('has what the user did to others, and not who they are', async () => {
        const other = await newUser();
        const { token } = await newUser('writer');
        await app.patch(`/users/${other.id}`, { disabled: true }, token).expect(200);
        const { body, text } = await app.get('/me/export', token).expect(200);
        const [action, ...rest] = (body as OwnData).actions;
        expect(rest).to.deep.equal([]);
        expect(action).to.include({ event: 'user_disabled', target_kind: 'user' });
        expect(action?.address).to.be.a('string');
        expect(text).not.to.include(other.id);
        expect(text).not.to.include(`"${other.username}"`);
      });

      it('is whole, however much there is', async () => {
        const { id, token } = await newUser();
        const count = 1203;
        const row = { event: 'login', actor_kind: 'user', actor_id: id, target_kind: 'user', target: id };
        const empty = {
          actor_name: null,
          target_name: null,
          session_id: null,
          request_id: null,
          details: null,
          last_at: null,
          sequence: null,
          hash: null,
        } as const;
        const agent = 'x'.repeat(200);
        for (let from = 0; from < count; from += 401) {
          const rows = Array.from({ length: 401 }, () => ({
            ...{
              id: createId(app.clock),
              at: app.clock.now(),
              address: '192.0.2.1',
              user_agent: agent,
              count: 1,
            },
            ...row,
            ...empty,
          }));
          await app.services.database.queries
            .insertInto('audit')
            .values(rows as never)
            .execute();
        }
        const { body } = await app.get('/me/export', token).expect(200);
        const { events } = body as OwnData;
        expect(events.filter(({ user_agent: sent }) => sent === agent)).to.have.length(count);
        expect(new Set(events.map((event) => event.id)).size).to.equal(events.length);
        await app.request('head', '/me/export', token).expect(200);
      });

      it('has the messages about changed passwords, which tell where the user was, and not where others were', async () => {
        const { id, username, token } = await newUser();
        const next = 'incorrect horse battery';
        const change = (current: string, to: string, by: string) =>
          app.put('/me/password', { current_password: current, new_password: to }, by);
        // Nobody is told at an address that is not verified.
        await setAddress(id, null);
        const { body: first } = await change(password, next, token).expect(200);
        await setAddress(id, app.clock.now());
        await change(password, next, (first as TokenSet).access_token).expect(403);
        await change(next, 'sunshine', (first as TokenSet).access_token).expect(422);
        await change(next, password, (first as TokenSet).access_token).expect(200);
        await app.patch(`/users/${id}`, { password: next }, admin).expect(200);
        const once = await app.services.users.resetPassword(username, serviceActor);
        const { access_token: last } = await app.login(username, once);
        const { body, text } = await app.get('/me/export', last).expect(200);
        const { messages } = body as OwnData;
        expect(messages.map(({ template, address, state }) => ({ template, address, state }))).to.deep.equal(
          Array(3).fill({ template: 'password_changed', address: `${id}@example.com`, state: 'waiting' }),
        );
        expect(text).not.to.include('sealed');
        const texts = await Promise.all(
          messages.map(async (message) => {
            const stored = await app.services.outbox.read(app.services.database.queries, message.id);
            return stored?.message?.text ?? '';
          }),
        );
        expect(texts.filter((each) => each.includes('127.0.0.1'))).to.have.length(1);
      });

      it('is for users alone', async () => {
        const { access_token: token } = await requestClientToken(app, await createClient(app));
        const { body } = await app.get('/me/export', token).expect(403);
        expect(body).to.include({ code: 'user_session_required' });
        await app.delete('/me', token).expect(401);
      });

      it('is in the audit', async () => {
        const { id, token } = await newUser();
        await app.get('/me/export', token).expect(200);
        const rows = (await app.audited('own_data_exported')).filter(({ target }) => target === id);
        expect(rows.map((row) => row.actor_id)).to.deep.equal([id]);
      });

      it('runs once at a time for a session, and three times for a user', async () => {
        const { id, username, token } = await newUser();
        const begin = async (as: string): Promise<() => void> => {
          const caller = { userId: id, sessionId: String(readJwt(as).claims['sid']) };
          const context = { requestId: null, address: null, userAgent: null };
          return (await app.services.ownData.export(caller, { kind: 'user', id, context })).end;
        };
        const end = await begin(token);
        const { body } = await app.get('/me/export', token).expect(429);
        expect(body).to.include({ code: 'too_many_streams' });
        const { access_token: other } = await app.login(username, password);
        await app.get('/me/export', other).expect(200);
        const ends = [
          end,
          await begin(other),
          await begin((await app.login(username, password)).access_token),
        ];
        const { access_token: fourth } = await app.login(username, password);
        await app.get('/me/export', fourth).expect(429);
        for (const each of ends) each();
        await app.get('/me/export', token).expect(200);
        await app.get('/me/export', fourth).expect(200);
      });

      it('is made ten times an hour by a session at most, and by others of the user again', async () => {
        const { id, username, token } = await newUser();
        for (let left = 9; left >= 0; left -= 1) {
          const { headers } = await app.get('/me/export', token).expect(200);
          expect(headers['ratelimit']).to.match(new RegExp(`^"requests";r=${left};t=\\d+$`));
        }
        const { body, headers } = await app.get('/me/export', token).expect(429);
        expect(body).to.deep.include({
          code: 'too_many_requests',
          detail:
            'Your data was exported too often within the hour. Wait the number of seconds in the Retry-After header.',
        });
        expect(Number(headers['retry-after'])).to.be.within(1, 3600);
        // A thief's exports are not those of the owner.
        const { access_token: other } = await app.login(username, password);
        await app.get('/me/export', other).expect(200);
        const rows = (await app.audited('own_data_exported')).filter(({ target }) => target === id);
        expect(rows).to.have.length(11);
        app.clock.advance(Number(headers['retry-after']));
        await app.get('/me/export', (await app.login(username, password)).access_token).expect(200);
      });

      it('is made fifty times an hour by all sessions of a user at most', async () => {
        const { username } = await newUser();
        for (let session = 0; session < 5; session += 1) {
          const { access_token: token } = await app.login(username, password);
          for (let count = 0; count < 10; count += 1) await app.get('/me/export', token).expect(200);
        }
        const { access_token: last } = await app.login(username, password);
        const { body } = await app.get('/me/export', last).expect(429);
        expect(body).to.include({ code: 'too_many_requests' });
      });
    });

    describe('DELETE /me', () => {
      it('requires a login of the last five minutes', async () => {
        const { username, token } = await newUser();
        app.clock.advance(301);
        const { body, headers } = await app.delete('/me', token).expect(401);
        expect(body).to.include({ code: 'insufficient_user_authentication' });
        expect(headers['www-authenticate']).to.include('max_age="300"');
        const tokens = await app.login(username, password);
        const refreshed = await app.refresh(tokens.refresh_token);
        await app.delete('/me', refreshed.access_token).expect(401);
        await app.get('/me', refreshed.access_token).expect(200);
        ({ access_token: admin } = await app.login());
      });

      it('refuses each token at once, and nothing of the account is left but the audit', async () => {
        const { id, username } = await newUser('writer');
        await app.services.database.queries
          .insertInto('latchkey_foreign_ids')
          .values({
            ...{ source: 'shop', foreign_id: id, user_id: id, email: null, email_verified: 0 },
            imported_at: app.clock.now(),
          })
          .execute();
        const [one, other] = [await app.login(username, password), await app.login(username, password)];
        await app.delete('/me', one.access_token).expect(204);
        for (const { access_token: each } of [one, other]) await app.get('/me', each).expect(401);
        await app.post('/refresh', { refresh_token: other.refresh_token }).expect(401);
        await app.post('/login', { username, password }).expect(401);
        await app.get(`/users/${id}`, admin).expect(404);
        const { queries } = app.services.database;
        const tables = await listTables();
        for (const table of tables) {
          const { rows } = await sql`select 1 from ${sql.table(table)} where user_id = ${id}`.execute(
            queries,
          );
          expect(rows, table).to.deep.equal([]);
        }
        expect(await queries.selectFrom('users').select('id').where('id', '=', id).execute()).to.deep.equal(
          [],
        );
        const [row] = (await app.audited('user_deleted')).filter(({ target }) => target === id);
        expect(row).to.include({ actor_kind: 'user', actor_id: id, target_name: username });
        // The name is free.
        await app.createUser(username, password);
      });

      it('calls the hook, whose failure is logged and does not keep the account', async () => {
        const before = app.logged.filter(({ event }) => event === 'hook_failed').length;
        const { id, token } = await newUser();
        told.length = 0;
        await app.delete('/me', token).expect(204);
        const { id: second } = await newUser();
        await app.delete(`/users/${second}`, admin).expect(204);
        expect(told).to.deep.equal([id, second]);
        const failed = app.logged.filter(({ event }) => event === 'hook_failed');
        expect(failed.length).to.equal(before + 1);
        expect(failed.at(-1)).to.include({ hook: 'accountDeleted', userId: id });
      });

      it('clears the cookies of a browser, and needs their CSRF value', async () => {
        const { username } = await newUser();
        const login = await app.post('/login/cookies', { username, password }).expect(200);
        const cookies = formatCookies(readCookies(login));
        const { body: refused } = await app.delete('/me').set('Cookie', cookies).expect(401);
        expect(refused).to.include({ code: 'csrf_failed' });
        const deleted = await app
          .delete('/me')
          .set('Cookie', cookies)
          .set('X-CSRF-TOKEN', (login.body as { access_csrf_token: string }).access_csrf_token)
          .expect(204);
        expect(Object.keys(readCookies(deleted))).to.include.members(Object.keys(readCookies(login)));
        for (const { value } of Object.values(readCookies(deleted))) expect(value).to.equal('');
        await app.get('/me').set('Cookie', cookies).expect(401);
      });

      it('does not let the last administrator go', async () => {
        const { body } = await app.delete('/me', admin).expect(409);
        expect(body).to.include({ code: 'last_administrator' });
        await app.get('/me', admin).expect(200);
      });

      it('deletes once, of several requests at a time', async () => {
        const { token } = await newUser();
        const statuses = await Promise.all(
          Array.from({ length: 4 }, async () => (await app.delete('/me', token)).status),
        );
        expect(statuses.sort()).to.deep.equal([204, 401, 401, 401]);
      });
    });

    const listTables = async (): Promise<string[]> => {
      if (database === 'sqlite') return listTablesWithUsers(app.services.database.queries);
      const { rows } = await sql<{ name: string }>`select table_name as name from information_schema.columns
        where table_schema = current_schema() and column_name = 'user_id'`.execute(
        app.services.database.queries,
      );
      return rows.map(({ name }) => name);
    };

    it('is in the export, table by table, or named with the reason why not', async () => {
      const exported = [...ownDataParts.flatMap(({ tables }) => tables), ...accountTables];
      const tables = await listTables();
      expect(tables).to.include.members(['sessions', 'user_roles']);
      for (const table of tables) {
        const isNamed = (tablesNotExported[table] ?? '') !== '';
        const isExported = (exported as readonly string[]).includes(table);
        expect(
          isExported !== isNamed,
          `${table} is in one of the lists of src/accounts/own-data-parts.ts`,
        ).to.equal(true);
      }
    });

    if (database === 'postgres') {
      it('is refused by another replica, too, once it is deleted', async () => {
        const replica = await app.openAgain();
        const { token } = await newUser();
        const claims = replica.accessTokens.verify(token);
        expect(replica.revocations.isRevoked(claims)).to.equal(false);
        await app.delete('/me', token).expect(204);
        await until(() => replica.revocations.isRevoked(claims));
        await replica.database.close();
      });
    }
  });
}
