import { expect } from 'chai';
import fc from 'fast-check';
import type { Database } from '../../src/database/database.js';
import type { AccessTokenClaims } from '../../src/tokens/access-token-claims.js';
import { everyVersion, Revocations } from '../../src/revocations/revocations.js';
import {
  revocationsStore,
  type LiveRevocation,
  type Revocation,
} from '../../src/revocations/revocations.store.js';
import { TestClock } from '../support/clock.js';
import { databaseKinds, createDatabase } from '../support/databases.js';

/** Few, so that many changes concern each. */
const names = ['a', 'b'];
const seconds = fc.integer({ min: 1, max: 4 });

/** The operations of the model. */
type Step =
  | { readonly does: 'revoke' | 'elsewhere'; readonly row: Omit<Revocation, 'created_at'> }
  | { readonly does: 'wait'; readonly seconds: number }
  | { readonly does: 'catchUp' | 'prune' | 'restart' };

const row = fc.oneof(
  fc.record({
    kind: fc.constantFrom('session' as const, 'token' as const),
    target: fc.constantFrom(...names),
    version: fc.constant(null),
    expires_at: seconds,
  }),
  fc.record({
    kind: fc.constantFrom('subject' as const, 'role' as const),
    target: fc.constantFrom(...names),
    version: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.constant(everyVersion)),
    expires_at: seconds,
  }),
);
/** The later revocation of a session expires before the earlier one. */
const shortened: Step[] = [
  ...[2, 1].map((expires_at): Step => {
    return { does: 'revoke', row: { kind: 'session', target: 'a', version: null, expires_at } };
  }),
  { does: 'wait', seconds: 1 },
  { does: 'prune' },
];

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    arbitrary: fc.record({ does: fc.constantFrom('revoke' as const, 'elsewhere' as const), row }),
    weight: 4,
  },
  { arbitrary: fc.record({ does: fc.constant('wait' as const), seconds }), weight: 2 },
  {
    arbitrary: fc.record({ does: fc.constantFrom('catchUp' as const, 'prune' as const, 'restart' as const) }),
    weight: 2,
  },
);

/** A token that only one revocation can concern. */
function tokenOf(kind: Revocation['kind'], target: string, version = 0): AccessTokenClaims {
  const none = { sid: '-', jti: '-', sub: '-', ver: everyVersion, roles: [], roles_ver: everyVersion };
  const its = {
    session: { sid: target },
    token: { jti: target },
    subject: { sub: target, ver: version },
    role: { roles: ['-', target], roles_ver: version },
  }[kind];
  return { ...none, ...its } as unknown as AccessTokenClaims;
}

for (const kind of databaseKinds) {
  describe(`The revocations on ${kind}`, () => {
    let database: Database;
    let clock: TestClock;
    let revocations: Revocations;
    before(async () => {
      database = await createDatabase(kind);
      await database.migrate();
    });
    beforeEach(begin);
    after(() => database.close());

    async function begin(): Promise<void> {
      await database.queries.deleteFrom('revocations').execute();
      clock = new TestClock();
      revocations = new Revocations(database, clock);
    }

    /** Commits a row that expires in this many seconds; `apply` puts it into effect, as its writer does. */
    async function commit(given: Omit<Revocation, 'created_at'>): Promise<Revocation> {
      const written = {
        ...given,
        expires_at: clock.now() + given.expires_at * 1000,
        created_at: clock.now(),
      };
      await revocationsStore.add(database.queries, [written]);
      return written;
    }

    it('keep every one whose tokens may be valid, and nothing else once they are pruned', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 25, size: 'max' }), async (steps) => {
          await begin();
          const written: Revocation[] = [];
          /** The revocations that this process must have learned of. */
          let known: Revocation[] = [];
          const live = (): Revocation[] => known.filter(({ expires_at }) => expires_at > clock.now());
          for (const each of steps) {
            switch (each.does) {
              case 'revoke':
              case 'elsewhere': {
                const committed = await commit(each.row);
                written.push(committed);
                if (each.does === 'elsewhere') break;
                revocations.apply([committed]);
                known.push(committed);
                break;
              }
              case 'wait':
                clock.advance(each.seconds);
                break;
              case 'catchUp':
                await revocations.readAll();
                known = [...written];
                break;
              case 'prune':
                await revocations.prune();
                expect(revocations.size).to.equal(
                  new Set(live().map(({ kind: what, target }) => `${what} ${target}`)).size,
                );
                break;
              case 'restart':
                revocations = new Revocations(database, clock);
                await revocations.readAll();
                known = [...written];
                break;
            }
            for (const { kind: what, target, version } of live())
              expect(revocations.isRevoked(tokenOf(what, target, (version ?? 1) - 1))).to.be.true;
          }
          for (const what of ['session', 'token', 'subject'] as const) {
            expect(revocations.isRevoked(tokenOf(what, 'one that was never revoked'))).to.be.false;
          }
        }),
        { numRuns: kind === 'sqlite' ? 300 : 20, examples: [[shortened]] },
      );
    });

    it('are complete again after the database did not respond, however long that was', async () => {
      const clock = new TestClock();
      const [database, closed] = [await createDatabase('sqlite'), await createDatabase('sqlite')];
      await database.migrate();
      await closed.close();
      let isAway = false;
      const unreliable: Database = {
        ...database,
        get queries() {
          return isAway ? closed.queries : database.queries;
        },
      };
      const revocations = new Revocations(unreliable, clock);
      await revocations.readAll();
      await revocationsStore.add(database.queries, [
        {
          kind: 'session',
          target: 'a',
          version: null,
          expires_at: clock.now() + 900_000,
          created_at: clock.now(),
        },
      ]);
      isAway = true;
      clock.advance(300);
      expect(await revocations.readAll().catch((error: unknown) => error)).to.be.an('error');
      expect(revocations.size).to.equal(0);
      isAway = false;
      await revocations.readAll();
      expect(revocations.size).to.equal(1);
      await database.close();
    });

    it('revoke tokens of a user’s earlier versions alone', async () => {
      revocations.apply([await commit({ kind: 'subject', target: 'ada', version: 3, expires_at: 60 })]);
      expect(
        [0, 2, 3, 4].map((version) => revocations.isRevoked(tokenOf('subject', 'ada', version))),
      ).to.deep.equal([true, true, false, false]);
    });

    it('list all that are in memory', async () => {
      const rows = [
        await commit({ kind: 'session', target: 'a', version: null, expires_at: 60 }),
        await commit({ kind: 'token', target: 'a', version: null, expires_at: 50 }),
        await commit({ kind: 'subject', target: 'a', version: 3, expires_at: 40 }),
      ];
      revocations.apply(rows);
      expect([...revocations.snapshot()]).to.have.deep.members(
        rows.map(({ kind: what, target, version, expires_at }) => ({
          kind: what,
          target,
          version,
          expires_at,
        })),
      );
    });

    it('notify listeners of new and extended ones alone, until they unsubscribe', () => {
      const told: LiveRevocation[] = [];
      const stop = revocations.subscribe((rows) => {
        told.push(...rows);
      });
      const session: LiveRevocation = { kind: 'session', target: 'a', version: null, expires_at: 60 };
      const subject: LiveRevocation = { kind: 'subject', target: 'a', version: 3, expires_at: 60 };
      const longer = { ...session, expires_at: 61 };
      const higher = { ...subject, version: 4 };
      for (const rows of [[session, subject], [subject], [session], [longer, higher], [session, subject]])
        revocations.apply(rows);
      expect(told).to.deep.equal([session, subject, longer, higher]);
      stop();
      revocations.apply([{ ...session, target: 'b' }]);
      expect(told).to.have.length(4);
    });

    describe('in the thousands', () => {
      const count = 12_000;

      beforeEach(async () => {
        const now = clock.now();
        const rows = Array.from({ length: count }, (_, index): Revocation => {
          return {
            kind: 'session',
            target: `s${index}`,
            version: null,
            expires_at: now + 1000,
            created_at: now,
          };
        });
        await revocationsStore.add(database.queries, rows);
      });

      it('are all read', async () => {
        await revocations.readAll();
        expect(revocations.size).to.equal(count);
      });

      it('are not complete if the database fails while they are read, and can be read again', async () => {
        const closed = await createDatabase('sqlite');
        await closed.close();
        let asked = 0;
        const failing: Database = {
          ...database,
          get queries() {
            asked += 1;
            return asked === 2 ? closed.queries : database.queries;
          },
        };
        revocations = new Revocations(failing, clock);
        expect(await revocations.readAll().catch((error: unknown) => error)).to.be.an('error');
        await revocations.readAll();
        expect(revocations.size).to.equal(count);
      });
    });
  });
}
