import { setTimeout as wait } from 'node:timers/promises';
import type { Actor } from '../audit/actor.js';
import type { AuditChain } from '../audit/audit-chain.js';
import { auditStore } from '../audit/audit.store.js';
import type { Clock } from '../clock.js';
import { removeBackupMark } from '../database/backup-mark.js';
import { countersStore } from '../database/counters.store.js';
import { runInBatches } from '../database/batches.js';
import type { Database } from '../database/database.js';
import { maxAccessTokenLifetime } from '../tokens/access-token-verifier.js';
import type { KeyRing } from '../keys/key-ring.js';
import type { Revocations } from '../revocations/revocations.js';
import { everyRole, revocationsStore, type Revocation } from '../revocations/revocations.store.js';
import { revokeTokensOfHolders } from '../revocations/roles-version.js';
import { subjectVersionsStore } from '../revocations/subject-versions.store.js';
import { devicesStore } from './devices.store.js';
import { revokeMissingSubjects, type IssuedBefore } from './issued-before.js';
import { sessionEndingsStore } from './session-endings.store.js';

interface Dependencies {
  readonly database: Database;
  readonly clock: Clock;
  readonly ring: KeyRing;
  readonly revocations: Revocations;
  readonly auditChain: Pick<AuditChain, 'run'>;
  readonly secondFactorLogins: {
    /** Ends all logins that wait for a second factor. */
    readonly endAll: () => Promise<void>;
  };
}

interface EndOptions {
  /** Gets the rows that are done, and about how many there are. */
  readonly onProgress?: (done: number, total: number) => void;
  /** What the database says that this one replaces. */
  readonly issuedBefore?: IssuedBefore | undefined;
}

/** Keeps transactions short: a running service waits for each. */
const rowsPerTransaction = 200;
/** Milliseconds between transactions, so that other processes can write. */
const pause = 10;
export interface EndResult {
  readonly sessions: number;
  readonly subjects: number;
}

/**
 * Ends every session and revokes every token issued so far. Needed after a restore: the database no longer knows what was
 * revoked since the backup.
 *
 * 1. One short transaction with the audit row replaces all keys, raises the version of all roles and keeps the time, for tokens
 *    that another application has issued. From its commit on,
 *    no process with this database, and no guard that follows it, accepts earlier users' tokens.
 * 2. Logins that wait for a second factor end, and remembered devices are forgotten.
 * 3. Page by page, each subject's version is raised: needed for clients' tokens where the operator's own key keeps signing.
 * 4. Page by page, sessions are marked as ended.
 *
 * The new versions are not counted on from the old ones: whatever is added to those of a backup is added again when it is
 * restored a second time, and then the tokens issued since the first time have the version that is valid again. They are the
 * time in milliseconds, which no token issued before has reached (docs/decisions/revocation-by-version.md).
 *
 * If it is interrupted, run it again.
 */
export async function endAllSessions(
  foundations: Dependencies,
  actor: Actor,
  { onProgress = () => undefined, issuedBefore }: EndOptions = {},
): Promise<EndResult> {
  const { database, clock, ring, revocations, auditChain, secondFactorLogins } = foundations;
  // The key that has signed its head goes: the new one signs it next, by the same process that has just verified it.
  await auditChain.run();
  let revoked: Revocation[] = [];
  let atLeast = 0;
  await ring.replaceAll(actor, async (queries) => {
    const now = clock.now();
    const expiresAt = now + maxAccessTokenLifetime;
    // A clock that was set back does not lead back to versions that were in use.
    atLeast = Math.max(now, (issuedBefore?.highestVersion ?? 0) + 1);
    revoked = await revokeTokensOfHolders(queries, everyRole, { now, expiresAt, atLeast });
    revoked.push(...(await revokeMissingSubjects(queries, issuedBefore?.subjects ?? [], now)));
    await countersStore.raise(queries, 'ended_at', now);
    await auditStore.add(queries, clock, { event: 'all_sessions_ended', actor });
  });
  revocations.apply(revoked);
  await secondFactorLogins.endAll();
  await runInBatches(database, (queries, limit) => devicesStore.deleteSome(queries, limit));
  await auditChain.run();
  const { queries } = database.longRunning;
  const total = (await subjectVersionsStore.count(queries)) + (await sessionEndingsStore.count(queries));
  let done = 0;
  const onPage = (): void => {
    done = Math.min(total, done + rowsPerTransaction);
    onProgress(done, total);
  };
  const subjects =
    (await countPageByPage((after) => incrementPage(foundations, 'users', { after, atLeast }), onPage)) +
    (await countPageByPage((after) => incrementPage(foundations, 'clients', { after, atLeast }), onPage));
  const keptKeys = ring.listRefreshKeys().map(({ id }) => id);
  const sessions = await countPageByPage(
    (after) =>
      database.longRunning.transaction(async (transaction) => {
        const last = await sessionEndingsStore.endOfPage(transaction, after, rowsPerTransaction);
        if (last === undefined) return undefined;
        // Sessions started since step 1 have refresh tokens of a new key.
        const count = await sessionEndingsStore.endPage(transaction, {
          after,
          last,
          keptKeys,
          now: clock.now(),
        });
        return { last, count };
      }),
    onPage,
  );
  await database.transaction((transaction) => removeBackupMark(transaction, database.dialect));
  return { sessions, subjects };
}

interface Page {
  /** The id that the next page comes after. */
  readonly last: string;
  readonly count: number;
}

/** @returns the total count. */
async function countPageByPage(
  work: (after: string) => Promise<Page | undefined>,
  onPage: () => void,
): Promise<number> {
  let count = 0;
  for (let page = await work(''); page; page = await work(page.last)) {
    count += page.count;
    onPage();
    await wait(pause);
  }
  return count;
}

async function incrementPage(
  { database, clock, revocations }: Dependencies,
  table: 'users' | 'clients',
  from: { readonly after: string; readonly atLeast: number },
): Promise<Page | undefined> {
  const rows = await database.longRunning.transaction(async (transaction) => {
    const page = { ...from, limit: rowsPerTransaction };
    const raised = await subjectVersionsStore.incrementPage(transaction, table, page);
    const now = clock.now();
    const revoked = raised.map(({ id, version }): Revocation => ({
      kind: 'subject',
      target: id,
      version,
      expires_at: now + maxAccessTokenLifetime,
      created_at: now,
    }));
    await revocationsStore.add(transaction, revoked);
    return revoked;
  });
  revocations.apply(rows);
  const last = rows.reduce((max, { target }) => (target > max ? target : max), '');
  return last === '' ? undefined : { last, count: rows.length };
}
