import { expect } from 'chai';
import { pino } from 'pino';
import { serviceActor } from '../../src/audit/actor.js';
import { rowsPerBatch } from '../../src/database/batches.js';
import type { Database } from '../../src/database/database.js';
import { createServices, type Services } from '../../src/server/services.js';
import type { TokenSet } from '../../src/sessions/sessions.models.js';
import { databaseKinds } from '../support/databases.js';
import { watchTransactions } from '../support/recorded-database.js';
import { addUser, minute } from '../support/records.js';
import { TestApp, testSecret } from '../support/test-app.js';

/** Three batches of each, the last one not a whole one. */
const many = 2 * rowsPerBatch + 50;
const password = 'correct horse battery';
const actor = serviceActor;
const gone = 'the process ended here';

for (const kind of databaseKinds) {
  describe(`Long work on ${kind}`, () => {
    let app: TestApp;
    let admin: string;
    let made = 0;
    before(async () => {
      app = await TestApp.start({ database: kind });
      admin = (await app.login()).access_token;
    });
    after(() => app.close());

    /** Another process of the service, whose transactions are watched. */
    const open = async (watch: (touched: number) => Promise<void> | void): Promise<Services> => {
      const { config, contract, problems, issuer, hooks } = app.services;
      const services = await createServices({
        config,
        contract,
        problems,
        issuer,
        hooks,
        database: watchTransactions(app.services.database, watch),
        clock: app.clock,
        log: pino({ level: 'silent' }),
        secret: testSecret,
        maxTokenLength: Infinity,
      });
      await services.catchUp();
      return services;
    };

    const insertMany = async (table: string, rows: readonly object[]): Promise<void> => {
      const { queries } = app.services.database;
      for (let start = 0; start < rows.length; start += rowsPerBatch) {
        await queries
          .insertInto(table as 'audit')
          .values(rows.slice(start, start + rowsPerBatch) as never)
          .execute();
      }
    };

    /** A user who has logged in twice, and has many more sessions of which each has a live access token. */
    const addUserOfMany = async (): Promise<{ id: string; kept: TokenSet; other: TokenSet }> => {
      const username = `user of many ${++made}`;
      const { id } = await app.createUser(username, password);
      const [kept, other] = [await app.login(username, password), await app.login(username, password)];
      const { queries } = app.services.database;
      const session = await queries
        .selectFrom('sessions')
        .selectAll()
        .where('user_id', '=', id)
        .limit(1)
        .executeTakeFirstOrThrow();
      await insertMany(
        'sessions',
        Array.from({ length: many }, () => ({ ...session, id: crypto.randomUUID() })),
      );
      return { id, kept, other };
    };

    /** A role with many holders; one has logged in. */
    const addRoleOfMany = async (): Promise<{ name: string; tokens: TokenSet }> => {
      const name = `role-of-many-${++made}`;
      await app.put(`/roles/${name}`, { permissions: ['old'] }, admin).expect(201);
      const username = `holder ${made}`;
      await app.createUser(username, password, [name]);
      const user = await addUser(app.services.database.queries);
      const { queries } = app.services.database;
      const row = await queries
        .selectFrom('users')
        .selectAll()
        .where('id', '=', user.id)
        .executeTakeFirstOrThrow();
      const holders = Array.from({ length: many }, (_, index) => {
        const username_key = `${name} ${index}`;
        return {
          ...row,
          id: crypto.randomUUID(),
          username: username_key,
          username_key,
          username_skeleton: null,
        };
      });
      await insertMany('users', holders);
      await insertMany(
        'user_roles',
        holders.map((holder) => ({ user_id: holder.id, role_name: name })),
      );
      return { name, tokens: await app.login(username, password) };
    };

    /** Rows of each kind whose time has come, and how many of them there are. */
    const addExpired = async (): Promise<void> => {
      const { id } = await addUserOfMany();
      const past = { expires_at: 1, access_expires_at: 1 };
      const { queries } = app.services.database;
      await queries.updateTable('sessions').set(past).where('user_id', '=', id).execute();
      const expired = Array.from({ length: many }, () => crypto.randomUUID());
      await insertMany(
        'revocations',
        expired.map((target) => ({ kind: 'session', target, version: null, expires_at: 1, created_at: 1 })),
      );
      await insertMany(
        'login_attempts',
        expired.map((key) => ({ key, failures: 1, blocked_until: 0, expires_at: 1 })),
      );
      await insertMany(
        'used_assertions',
        expired.map((jti) => ({ client_id: 'a client', jti, expires_at: 1 })),
      );
    };
    const countExpired = async (): Promise<number> => {
      const { queries } = app.services.database;
      const counts = await Promise.all(
        (['sessions', 'revocations', 'login_attempts', 'used_assertions'] as const).map((table) =>
          queries
            .selectFrom(table)
            .where('expires_at', '<=', 1)
            .select(({ fn }) => fn.countAll<number>().as('count'))
            .executeTakeFirstOrThrow(),
        ),
      );
      return counts.reduce((sum, { count }) => sum + count, 0);
    };

    const isLive = async ({ access_token: token }: TokenSet): Promise<boolean> => {
      await app.services.catchUp();
      return (await app.get('/protected', token)).status === 200;
    };
    const canRefresh = async ({ refresh_token: token }: TokenSet): Promise<boolean> =>
      (await app.post('/refresh', { refresh_token: token })).status === 200;

    interface LongWork {
      /** Makes what it is about. */
      readonly prepare: () => Promise<{
        readonly run: (services: Services) => Promise<unknown>;
        /** Holds once it was begun, and its change is committed. */
        readonly demandEffect: () => Promise<void>;
        /** Holds when it is over. */
        readonly demandEnd: () => Promise<void>;
      }>;
    }

    const countOf = async (
      table: 'sessions' | 'user_roles',
      column: string,
      value: string,
    ): Promise<number> => {
      const { count } = await app.services.database.queries
        .selectFrom(table)
        .where(column as 'user_id', '=', value)
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow();
      return count;
    };

    const works: Readonly<Record<string, LongWork>> = {
      'the deletion of a role': {
        prepare: async () => {
          const { name, tokens } = await addRoleOfMany();
          return {
            run: (services) => services.roles.delete(name, actor),
            demandEffect: async () => {
              expect(await isLive(tokens)).to.be.false;
              expect(
                (await app.post('/refresh', { refresh_token: tokens.refresh_token })).body.scope,
              ).to.equal('');
              const { body } = await app
                .post('/users', { username: 'x', password, roles: [name] }, admin)
                .expect(422);
              expect(body.errors).to.have.property('roles');
            },
            demandEnd: async () => {
              expect(await countOf('user_roles', 'role_name', name)).to.equal(0);
              await app.put(`/roles/${name}`, { permissions: ['other'] }, admin).expect(201);
            },
          };
        },
      },
      'the deletion of a user': {
        prepare: async () => {
          const { id, kept, other } = await addUserOfMany();
          return {
            run: (services) => services.users.delete(id, actor),
            demandEffect: async () => {
              expect([await isLive(kept), await isLive(other)]).to.deep.equal([false, false]);
              expect([await canRefresh(kept), await canRefresh(other)]).to.deep.equal([false, false]);
              await app.get(`/users/${id}`, admin).expect(404);
            },
            demandEnd: async () => {
              expect(await countOf('sessions', 'user_id', id)).to.equal(0);
              const { queries } = app.services.database;
              expect(await queries.selectFrom('users').select('id').where('id', '=', id).execute()).to.be
                .empty;
            },
          };
        },
      },
      'the end of all other sessions': {
        prepare: async () => {
          const { id, kept, other } = await addUserOfMany();
          const keptId = String((await app.get('/me', kept.access_token).expect(200)).body.session_id);
          return {
            run: (services) => services.userSessions.endOthers(id, keptId, actor),
            demandEffect: async () => {
              expect(await canRefresh(other)).to.be.false;
              expect(await isLive(kept)).to.be.true;
              const { body } = await app.get('/sessions', kept.access_token).expect(200);
              expect(body.items).to.have.length(1);
            },
            demandEnd: async () => {
              expect([await isLive(kept), await isLive(other)]).to.deep.equal([true, false]);
              expect(await canRefresh(kept)).to.be.true;
              const { queries } = app.services.database;
              const left = queries
                .selectFrom('sessions')
                .select('id')
                .where('user_id', '=', id)
                .where('revoked_at', 'is', null);
              expect(await left.execute()).to.have.length(1);
            },
          };
        },
      },
      'the clean-up': {
        prepare: async () => {
          await addExpired();
          return {
            run: (services) => services.cleanUp(),
            demandEffect: () => Promise.resolve(),
            demandEnd: async () => {
              expect(await countExpired()).to.equal(0);
            },
          };
        },
      },
    };

    const quick: Readonly<Record<string, LongWork['prepare']>> = {
      'a change of a role': async () => {
        const { name, tokens } = await addRoleOfMany();
        return {
          run: (services) => services.roles.put(name, { description: '', permissions: ['new'] }, actor),
          demandEffect: async () => {
            expect(await isLive(tokens)).to.be.false;
            const { body } = await app.post('/refresh', { refresh_token: tokens.refresh_token }).expect(200);
            expect(body.scope).to.equal('new');
            expect(await isLive(body as TokenSet)).to.be.true;
          },
          demandEnd: () => Promise.resolve(),
        };
      },
      'disabling a user': async () => {
        const { id, kept } = await addUserOfMany();
        return {
          run: (services) => services.users.update(id, { disabled: true }, actor),
          demandEffect: async () => {
            expect([await isLive(kept), await canRefresh(kept)]).to.deep.equal([false, false]);
            await app.patch(`/users/${id}`, { disabled: false }, admin).expect(200);
            expect([await isLive(kept), await canRefresh(kept)]).to.deep.equal([false, false]);
          },
          demandEnd: () => Promise.resolve(),
        };
      },
      'the end of all sessions of a user': async () => {
        const { id, kept } = await addUserOfMany();
        return {
          run: (services) => services.userSessions.endAll(id, actor),
          demandEffect: async () => {
            expect([await isLive(kept), await canRefresh(kept)]).to.deep.equal([false, false]);
          },
          demandEnd: () => Promise.resolve(),
        };
      },
    };

    for (const [what, prepare] of [
      ...Object.entries(quick),
      ...Object.entries(works).map(([name, work]) => [name, work.prepare] as const),
    ]) {
      it(`touches a few rows in each transaction, and lets others in between: ${what}`, async () => {
        const order: string[] = [];
        const others: Promise<unknown>[] = [];
        const touched: number[] = [];
        const services = await open(async (rows) => {
          touched.push(rows);
          order.push('own');
          const other = noteOther(app.services.database, order);
          others.push(other);
          // On PostgreSQL a request has a connection of its own, and is through while the transaction is still open.
          if (kind === 'postgres') await other;
        });
        const { run, demandEffect, demandEnd } = await prepare();
        await run(services);
        await Promise.all(others);
        // A batch of sessions that end adds a revocation for each.
        expect(Math.max(...touched)).to.be.at.most(2 * rowsPerBatch + 2);
        if (what in quick) expect(touched.reduce((sum, rows) => sum + rows, 0)).to.be.at.most(10);
        else expect(touched.length).to.be.at.least(3);
        // A request that came while a transaction was under way is through before the one after the next.
        for (let index = 2; index < order.length; index += 1) {
          expect(order.slice(index - 2, index + 1)).not.to.deep.equal(['own', 'own', 'own']);
        }
        await demandEffect();
        await demandEnd();
      });
    }

    for (const [what, { prepare }] of Object.entries(works)) {
      it(`comes to the same end wherever the process ends in between: ${what}`, async () => {
        for (let survived = 0; ; survived += 1) {
          let left = survived;
          const services = await open(() => {
            if (left === 0) throw new Error(gone);
            left -= 1;
          });
          const { run, demandEffect, demandEnd } = await prepare();
          const outcome = await run(services).then(
            () => 'done',
            (error: unknown) => (error as Error).message,
          );
          if (survived > 0) await demandEffect();
          // The next process.
          if (survived > 0 || what === 'the clean-up') {
            await (await open(() => undefined)).cleanUp();
            await demandEnd();
          }
          if (outcome === 'done') {
            expect(survived).to.be.at.least(3);
            return;
          }
          expect(outcome).to.equal(gone);
        }
      });
    }

    it('does not reuse the name of a role before its deletion is complete', async () => {
      const { name } = await addRoleOfMany();
      let left = 1;
      const services = await open(() => {
        if (left === 0) throw new Error(gone);
        left -= 1;
      });
      await services.roles.delete(name, actor).catch(() => undefined);
      await app.put(`/roles/${name}`, { permissions: ['other'] }, admin).expect(201);
      expect(await countOf('user_roles', 'role_name', name)).to.equal(0);
    });

    it('ends all sessions with a key of refresh tokens, whatever key made their tokens, and touches none', async () => {
      const { kept, other } = await addUserOfMany();
      const touched: number[] = [];
      const services = await open((rows) => {
        touched.push(rows);
      });
      await services.ring.rotate('refresh', serviceActor);
      app.clock.advance(31);
      await services.ring.reload();
      await app.services.catchUp();
      const later = (await app.post('/refresh', { refresh_token: other.refresh_token }).expect(200))
        .body as TokenSet;
      const [first] = services.ring.listRefreshKeys();
      expect(services.ring.refreshKey.id).not.to.equal(first?.id);
      touched.length = 0;
      expect(await services.ring.revoke(first?.id ?? '', serviceActor)).to.be.true;
      expect(Math.max(...touched)).to.be.at.most(10);
      for (const tokens of [kept, later]) {
        expect([await isLive(tokens), await canRefresh(tokens)]).to.deep.equal([false, false]);
      }
      admin = (await app.login()).access_token;
      await app.get('/users', admin).expect(200);
      expect((await app.get('/sessions', admin).expect(200)).body.items).to.have.length(1);
    });

    it('keeps what a revocation must outlive: the clean-up forgets none that is live', async () => {
      const { name, tokens } = await addRoleOfMany();
      await app.put(`/roles/${name}`, { permissions: ['new'] }, admin).expect(200);
      app.clock.advance((10 * minute) / 1000);
      await app.services.cleanUp();
      expect(await isLive(tokens)).to.be.false;
    });
  });
}

async function noteOther(database: Database, order: string[]): Promise<void> {
  await database.transaction(async (transaction) => {
    await transaction.selectFrom('counters').selectAll().execute();
  });
  order.push('other');
}
