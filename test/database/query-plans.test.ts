import { expect } from 'chai';
import { invitationsStore } from '../../src/accounts/invitations.store.js';
import { registrationsStore } from '../../src/accounts/registrations.store.js';
import { ownDataStore } from '../../src/accounts/own-data.store.js';
import { auditChainStore } from '../../src/audit/audit-chain.store.js';
import {
  auditListStore,
  listConditions,
  type AuditFilter,
  type AuditPageQuery,
  type AuditPart,
} from '../../src/audit/audit-list.store.js';
import { auditOutputsStore } from '../../src/audit-feed/outputs/audit-outputs.store.js';
import { clientsStore } from '../../src/clients/clients.store.js';
import { sql } from 'kysely';
import type { Moment } from '../../src/database/moment.js';
import { outboxStore } from '../../src/email/outbox.store.js';
import type { Queries } from '../../src/database/database.js';
import { usedAssertionsStore } from '../../src/oauth/used-assertions.store.js';
import { passkeyChallengesStore } from '../../src/passkeys/passkey-challenges.store.js';
import { passkeysStore } from '../../src/passkeys/passkeys.store.js';
import { rolesStore } from '../../src/roles/roles.store.js';
import { loginAttemptsStore } from '../../src/authentication/login-attempts.store.js';
import { loginChallengesStore } from '../../src/authentication/login-challenges.store.js';
import { loginPlacesStore } from '../../src/authentication/login-places.store.js';
import { safetyLinksStore } from '../../src/email/safety-links.store.js';
import { accountTokensStore } from '../../src/accounts/account-tokens.store.js';
import { loginStore } from '../../src/authentication/login.store.js';
import { sessionsStore } from '../../src/sessions/sessions.store.js';
import { deletedForeignIdsStore } from '../../src/users/deleted-foreign-ids.store.js';
import { keysStore } from '../../src/keys/keys.store.js';
import { revocationsStore } from '../../src/revocations/revocations.store.js';
import { importedUsersStore } from '../../src/import/imported-users.store.js';
import { listNarrowFilters, userListStore } from '../../src/users/user-list.store.js';
import type { UserFilters } from '../../src/users/user-list-query.js';
import { addressesStore } from '../../src/users/addresses.store.js';
import { passwordHashesStore } from '../../src/users/password-hashes.store.js';
import { usersStore } from '../../src/users/users.store.js';
import { explainQueries } from '../support/recorded-database.js';
import { recordTime } from '../support/records.js';
import { describeStore } from '../support/store-contract.js';
import { sessionEndingsStore } from '../../src/sessions/session-endings.store.js';
import { sessionEpochsStore } from '../../src/users/session-epochs.store.js';

const id = '0199f3c2-6d1e-7a44-8c5b-2f1d9e7a6b10';
const now = recordTime;
const systemMoment: Moment = { value: now, from: (value) => sql`${value}` };
const page = { limit: 50, after: undefined };
const later = { limit: 50, after: id };
const live = { userId: id, now, lifetime: 1 };

const auditConditions = { event: 'login', actor: id, target: id, address: '192.0.2.1' };
const auditTimes: readonly AuditFilter[] = [{}, { from: now, to: now + 1 }];

/** Every combination of conditions of the audit. */
function listAuditFilters(): AuditFilter[] {
  const names = Object.keys(auditConditions) as (keyof typeof auditConditions)[];
  return Array.from({ length: 2 ** names.length }, (_, bits) =>
    Object.fromEntries(
      names.filter((_name, index) => bits & (1 << index)).map((name) => [name, auditConditions[name]]),
    ),
  ).flatMap((filter) => [filter, ...('actor' in filter ? [{ ...filter, actor: 'root' }] : [])]);
}

interface AuditListQuery {
  readonly what: string;
  readonly execute: (queries: Queries) => Promise<unknown>;
  /** What SQLite is to do. */
  readonly plan: RegExp;
}

/** Every list of the audit: each combination of conditions, times, order and cursor, and each statement that a page may take. */
function* listAuditQueries(): Generator<AuditListQuery> {
  for (const filter of listAuditFilters()) {
    const conditions = listConditions(filter);
    for (const times of auditTimes) {
      for (const order of ['newest', 'oldest'] as const) {
        for (const after of [undefined, id]) {
          const query = { ...filter, ...times, order, after, limit: 50 };
          const isInParts = conditions.length > 1;
          for (const by of isInParts ? conditions : [conditions[0]]) {
            for (const until of isInParts ? [undefined, id] : [undefined]) {
              const part = { ...query, by, until };
              yield {
                what: `a part of ${JSON.stringify(part)}`,
                execute: (queries) => auditListStore.list(queries, part),
                plan: createAuditPlan(part),
              };
            }
            if (isInParts && by !== undefined)
              yield {
                what: `the end of a part of ${JSON.stringify({ ...query, by })}`,
                execute: (queries) => auditListStore.findEnd(queries, { ...query, by }, 50),
                plan: createAuditPlan({ ...query, by }),
              };
          }
        }
      }
    }
  }
}

/** One index alone, from the first id to the last one. */
function createAuditPlan({ by, actor, from, to, order, after, until }: AuditPageQuery & AuditPart): RegExp {
  const [first, last] = order === 'oldest' ? [after, until] : [until, after];
  const ids = [
    ...((from ?? first) === undefined ? [] : ['id>\\?']),
    ...((to ?? last) === undefined ? [] : ['id<\\?']),
  ];
  const terms = ids.join(' AND ');
  if (by === undefined)
    return new RegExp(
      ids.length > 0 ? `^SEARCH .*autoindex_audit_1 \\(${terms}\\)$` : '^SCAN .*autoindex_audit_1$',
    );
  const index = by === 'actor' && actor === 'root' ? 'operator' : by;
  return new RegExp(`^SEARCH .* audit_by_${index} \\(\\w+=\\?${ids.length > 0 ? ` AND ${terms}` : ''}\\)$`);
}

const place = { network: '192.0.2.0/24', agent: 'Firefox on Linux' };

/** Every query of lists, pages and searches, with every filter, and all long work. */
const queriesOf: Readonly<Record<string, (queries: Queries) => Promise<unknown>>> = {
  'the first page of invitations': (queries) => invitationsStore.list(queries, { ...page, now }),
  'a later page of invitations': (queries) => invitationsStore.list(queries, { ...later, now }),
  'registrations of the last hour': (queries) => registrationsStore.count(queries, now, 1000),
  'messages to an address that was registered': (queries) =>
    registrationsStore.countSent(queries, 'ada@example.com', now, 5),
  'registrations with a wrong code': (queries) =>
    registrationsStore.countMistaken(queries, { now, maxTries: 5, max: 100 }),
  'what was registered with a token': (queries) => registrationsStore.findByClient(queries, 'a hash', now),
  'the account that has an address': (queries) => registrationsStore.findHolder(queries, 'ada@example.com'),
  'pending registrations': (queries) => registrationsStore.list(queries, { now, limit: 50 }),
  'registrations that have expired': (queries) => registrationsStore.deleteExpired(queries, now, 500),
  'invitations that have expired': (queries) => invitationsStore.deleteExpired(queries, now, 500),
  'all sessions of a user': (queries) =>
    ownDataStore.listSessions(queries, { userId: id, limit: 50, after: { network: '192.0.2.1', id } }),
  'the messages to a user': (queries) => ownDataStore.listMessages(queries, { ...later, userId: id }),
  'what the audit has about a user': (queries) =>
    ownDataStore.listAudit(queries, 'target', { ...later, userId: id }),
  'what the audit has by a user': (queries) =>
    ownDataStore.listAudit(queries, 'actor_id', { ...later, userId: id }),
  'the first page of clients': (queries) => clientsStore.list(queries, page),
  'a later page of clients': (queries) => clientsStore.list(queries, later),
  'the first page of sessions': (queries) => sessionsStore.listLive(queries, { ...live, ...page }),
  'a later page of sessions': (queries) => sessionsStore.listLive(queries, { ...live, ...later }),
  'the roles': (queries) => rolesStore.list(queries),
  'a page of revocations': (queries) =>
    revocationsStore.listPage(queries, {
      limit: 50,
      after: { created_at: now, kind: 'session', target: id },
    }),
  'the last revocation': (queries) => revocationsStore.findLastWritten(queries),
  'a page of what is live': (queries) =>
    revocationsStore.listLive(queries, 'session', now, { limit: 5, after: id }),
  'what concerns a token': (queries) =>
    revocationsStore.findForToken(queries, { sid: id, jti: id, sub: id, roles: ['a', 'b'] } as never),
  'who logs in': (queries) => loginStore.find(queries, { username: 'Ada', network: '192.0.2.1' }),
  'the passkeys of a user': (queries) => passkeysStore.list(queries, id),
  'a login that waits for its second factor': (queries) =>
    loginChallengesStore.find(queries, { tokenHash: 'AAAA', network: '192.0.2.1', place, now }),
  'where a user has logged in from': (queries) => loginPlacesStore.list(queries, id),
  'what is known of a user’s logins': (queries) =>
    loginPlacesStore.readHistory(queries, { userId: id, ...place, now, newSince: now }),
  'expired places of logins': (queries) => loginPlacesStore.deleteExpired(queries, now, 50),
  'expired links that take an account back': (queries) => safetyLinksStore.deleteExpired(queries, now, 50),
  'links that take an account back': (queries) => safetyLinksStore.deleteAll(queries, id),
  'later links that take an account back': (queries) =>
    safetyLinksStore.deleteAfter(queries, { user_id: id, created_at: now, email: 'ada@example.com' }),
  'who has proved an address': (queries) => addressesStore.hasHolder(queries, 'ada@example.com', id, true),
  'who has addresses without a proof': (queries) =>
    addressesStore.lockUnverified(queries, ['ada@example.com', 'bob@example.com'], id),
  'links for a new address': (queries) =>
    accountTokensStore.countOfNewAddress(queries, 'ada@example.com', now),
  'whose a passkey is': (queries) => passkeysStore.findOwner(queries, 'AAAA'),
  'expired challenges of passkeys': (queries) => passkeyChallengesStore.deleteExpired(queries, now, 50),
  'the last expiry of a session': (queries) => sessionsStore.findLastExpiry(queries),
  'a page of holders': (queries) =>
    rolesStore.listOtherRolesOfHolders(queries, 'a', { after: id, limit: 50 }),
  'whether there is an administrator': (queries) => usersStore.hasAdministrator(queries),
  'what is unfinished': (queries) => sessionEpochsStore.listUnfinished(queries, { after: 'x', limit: 50 }),
  'expired sessions': (queries) => sessionEndingsStore.deleteExpired(queries, now, 50),
  'expired revocations': (queries) => revocationsStore.deleteExpired(queries, now, 50),
  'expired attempts': (queries) => loginAttemptsStore.deleteExpired(queries, now, 50),
  'expired assertions': (queries) => usedAssertionsStore.deleteExpired(queries, now, 50),
  'retired keys': (queries) => keysStore.deleteRetired(queries, now),
  'sessions from before an epoch': (queries) =>
    sessionEndingsStore.revokeBefore(queries, { userId: id, epoch: 3, now, limit: 50 }),
  'whether there were sessions': (queries) => sessionEndingsStore.hasOfEpoch(queries, id, 3),
  'sessions beyond a limit': (queries) =>
    sessionsStore.revokeOldest(queries, { ...live, keep: 3, exceptId: id, limit: 20 }),
  'sessions of a deleted user': (queries) => sessionEndingsStore.deleteSome(queries, id, 50),
  'a deleted user': (queries) => usersStore.removeDeleted(queries, id),
  'holders of a deleted role': (queries) => rolesStore.removeFromSome(queries, 'a', 50),
  'uses of sessions': (queries) => sessionsStore.recordUses(queries, [{ id, at: now }]),
  'the kinds of imported hashes': (queries) => passwordHashesStore.listForeignFamilies(queries),
  'who was imported': (queries) => importedUsersStore.findImported(queries, 'shop', ['1', '2']),
  'who was imported and deleted': (queries) => deletedForeignIdsStore.find(queries, 'shop', ['1', '2']),
  'whose names are taken': (queries) =>
    importedUsersStore.findTaken(queries, [{ id, username_key: 'ada', username_skeleton: 'x' }]),
  'which addresses are taken': (queries) =>
    importedUsersStore.findTakenAddresses(queries, ['ada@example.com']),
  'whether an address is taken': (queries) => addressesStore.hasHolder(queries, 'ada@example.com', id),
  'a page of the outbox': (queries) => outboxStore.list(queries, { limit: 50, before: id }),
  'what is to be sent': (queries) => outboxStore.listDue(queries, systemMoment, 50),
  'when something is to be sent': (queries) => outboxStore.findNextDue(queries),
  'expired messages': (queries) => outboxStore.deleteExpired(queries, now, 50),
  'a page of an export': (queries) => importedUsersStore.listForExport(queries, id, 50),
  'roles of a page of an export': (queries) => importedUsersStore.listRoles(queries, [id]),
  'a page of the chain of the audit': (queries) =>
    auditListStore.listChained(queries, { after: 5, until: 90, limit: 50 }),
  'rows that wait to be chained': (queries) => auditChainStore.listUnchained(queries, 50),
  'rows from before the audit chain': (queries) => auditChainStore.findOutside(queries, 5),
  'a row of the chain of the audit': (queries) => auditListStore.findPlace(queries, 5),
  'the places of a time in the chain of the audit': (queries) =>
    auditListStore.findSpan(queries, { from: now, to: now + 1 }),
  'where a receiver of the audit begins': (queries) => auditOutputsStore.add(queries, 'syslog', now),
  'the end of all sessions of a user': (queries) => sessionEpochsStore.raise(queries, id),
};

const orders = ['created_at', 'username', 'logged_in', 'never_logged_in'] as const;
const sorts = ['created_at', 'username', 'last_login_at'] as const;
const everyFilter = { name: 'a', email: 'a', role: 'a', disabled: true, lastLoginFrom: 1, lastLoginTo: 2 };
const filters: readonly UserFilters[] = [
  {},
  { disabled: false },
  everyFilter,
  ...Object.entries(everyFilter).map(([name, value]) => ({ [name]: value })),
];

/** Every list of users: in each order, with each filter and with all, and each statement that a page may take. */
function* listUserQueries(): Generator<readonly [string, (queries: Queries) => Promise<unknown>]> {
  for (const by of orders) {
    for (const descending of [false, true]) {
      for (const chosen of filters) {
        const list = { by, descending, filters: chosen };
        const position = { key: by === 'username' ? 'ab' : 2, id };
        const what = JSON.stringify(list);
        for (const after of [undefined, position]) {
          yield [
            `a part of ${what}`,
            (queries) => userListStore.list(queries, list, { after, until: position }, 50),
          ];
          yield [
            `the end of a part of ${what}`,
            (queries) => userListStore.findEnd(queries, list, after, 50),
          ];
        }
        yield [`a count of ${what}`, (queries) => userListStore.count(queries, list, { after: position })];
        for (const ids of listNarrowFilters(list)) {
          yield [`whether ${what} has few`, (queries) => userListStore.areFew(queries, ids, 50)];
          yield [`few of ${what}`, (queries) => userListStore.countAmong(queries, list, ids)];
        }
      }
    }
  }
}

function* listFewUsersQueries(): Generator<readonly [string, (queries: Queries) => Promise<unknown>]> {
  for (const by of sorts) {
    const list = { by, descending: false, filters: everyFilter };
    for (const [index, ids] of listNarrowFilters(list).entries()) {
      for (const after of [undefined, { key: by === 'username' ? 'ab' : 2, id }])
        yield [
          `${by} ${index}`,
          (queries) => userListStore.listAmong(queries, list, ids, { after, limit: 50 }),
        ];
    }
  }
}

/** Tables with tens of rows, whatever the size of an installation; or parts of the statement itself. */
const small = ['keys', 'roles', 'counters', 'page', 'used', 'few', 'counted', 'always', 'CONSTANT'];
/** How SQLite and PostgreSQL report a full table scan or a sort. */
const slow = [/^SCAN (?!.* USING (?:COVERING )?INDEX)(\w+)/, /Seq Scan on (\w+)/, /TEMP B-TREE/, /\bSort$/];

describeStore('The plans', (on) => {
  /** The statements of a query, each with the lines of its plan. */
  const explain = async (
    query: (queries: Queries) => Promise<unknown>,
  ): Promise<[string, readonly string[]][]> => {
    const plans: [string, readonly string[]][] = [];
    await query(explainQueries(on.database, (statement, plan) => plans.push([statement, plan])));
    return plans;
  };
  /** The lines of plans that read or sort a whole table. */
  const findSlow = async (query: (queries: Queries) => Promise<unknown>): Promise<string[]> =>
    (await explain(query)).flatMap(([statement, plan]) =>
      plan.flatMap((line) => {
        const found = slow.map((pattern) => pattern.exec(line)).find((match) => match !== null);
        return found && !small.includes(found[1] ?? '') ? [`${line}\n  in: ${statement}`] : [];
      }),
    );

  for (const [what, query] of Object.entries(queriesOf)) {
    it(`use an index: ${what}`, async () => {
      expect(await findSlow(query)).to.deep.equal([]);
    });
  }

  it('sort the users of a filter that leaves few, and read no others', async () => {
    for (const [what, query] of listFewUsersQueries()) {
      const lines = (await findSlow(query)).filter((line) => !/TEMP B-TREE|\bSort\n/.test(line));
      expect(lines, what).to.deep.equal([]);
    }
  });

  it('find the rows of the audit that wait to be chained by the index of those, in its order', async () => {
    const [[, plan] = []] = await explain((queries) => auditChainStore.listUnchained(queries, 50));
    expect(plan?.join('\n'))
      .to.include('audit_unchained')
      .and.not.to.match(/audit_by_sequence|TEMP|Sort/);
  });

  it('use the index of one condition and of the ids for every list of the audit', async () => {
    for (const { what, execute, plan: expected } of listAuditQueries()) {
      if (on.database.dialect === 'postgres') {
        expect(await findSlow(execute), what).to.deep.equal([]);
        continue;
      }
      const [[, lines] = []] = await explain(execute);
      expect(lines, what).to.have.length(1);
      expect(lines?.[0], what).to.match(expected);
    }
  });

  it('use an index for every list of users', async () => {
    for (const [what, query] of listUserQueries()) expect(await findSlow(query), what).to.deep.equal([]);
  });
});
