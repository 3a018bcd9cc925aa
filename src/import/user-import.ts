import { auditStore } from '../audit/audit.store.js';
import type { Clock } from '../clock.js';
import { isUniqueViolation } from '../database/constraint-errors.js';
import { countersStore } from '../database/counters.store.js';
import type { Database } from '../database/database.js';
import { rolesStore } from '../roles/roles.store.js';
import type { RolesService } from '../roles/roles.service.js';
import type { TotpSecrets } from '../second-factors/totp-secrets.js';
import { findUnstorable } from '../text/storable-text.js';
import type { RightsCapacity } from '../tokens/access-token-size.js';
import { takeUnverifiedAddresses } from '../users/address-holders.js';
import { deletedForeignIdsStore } from '../users/deleted-foreign-ids.store.js';
import { passwordHashesStore } from '../users/password-hashes.store.js';
import { FieldError, type SourceRecord, type UserSource } from './foreign-user.js';
import type { Finding, ImportCounts, ImportOptions } from './import-options.js';
import { describeImported } from './describe-imported.js';
import { dropTakenAddresses, type AddressHolders } from './drop-taken-addresses.js';
import { checkPasskeys, insertFactors } from './imported-factors.js';
import { importedFactorsStore } from './imported-factors.store.js';
import { importedUsersStore } from './imported-users.store.js';
import { ImportReport, type ImportedUser } from './import-report.js';
import { Pauses } from './pauses.js';
import { RoleMapping } from './role-mapping.js';
import { findUnstorableField } from './unstorable-fields.js';
import { toForeignId, toUserRow } from './user-checks.js';

/** On SQLite a transaction keeps all other writes waiting, on PostgreSQL only those that change roles. */
const usersPerBatch = { sqlite: 100, postgres: 500 } as const;

interface Dependencies {
  readonly database: Database;
  readonly clock: Clock;
  readonly tokens: RightsCapacity;
  readonly roles: Pick<RolesService, 'put'>;
  readonly totpSecrets: TotpSecrets;
}

interface Reports {
  readonly onFinding: (finding: Finding) => void;
  /** After each batch. */
  readonly onProgress?: (counts: ImportCounts) => void;
}

interface Candidate extends ImportedUser {
  /** Whether its roles are wrong: it is compared with others, so that all that is wrong is found at once, and is not imported. */
  readonly isRefused: boolean;
}

/** What earlier runs have done, by the ids of the source. */
interface Before {
  readonly done: ReadonlySet<string>;
  readonly deleted: ReadonlySet<string>;
}

/**
 * Imports users of another application. Each batch commits with the ids that its users had there: who was imported is
 * left out by the next run, so that an interrupted import is run again.
 */
export class UserImport {
  /** What earlier users of this run have: name, look of a name, id, foreign id, passkey → place. */
  readonly #seen = new Map<string, string>();
  readonly #addresses: AddressHolders = new Map();
  /** Of names that it imports: those of the batch before need not be in the database yet. */
  readonly #looks = new Set<string>();
  readonly #pauses: Pauses;
  readonly #report: ImportReport;
  /** The last batch, which PostgreSQL inserts while the next one is read and checked. */
  #inserting: Promise<void> = Promise.resolve();

  private constructor(
    private readonly dependencies: Dependencies,
    private readonly options: ImportOptions,
    private readonly reports: Reports,
    private readonly mapping: RoleMapping,
    private readonly hashKinds: Set<string>,
  ) {
    this.#pauses = new Pauses(dependencies.database);
    this.#report = new ImportReport(reports.onFinding);
  }

  static async run(
    dependencies: Dependencies,
    source: UserSource,
    options: ImportOptions,
    reports: Reports,
  ): Promise<ImportCounts> {
    const { queries, dialect } = dependencies.database;
    const kinds = await passwordHashesStore.listKinds(queries);
    const mapping = await RoleMapping.read(queries, options, dependencies.tokens);
    const work = new UserImport(dependencies, options, reports, mapping, kinds);
    let batch: SourceRecord[] = [];
    try {
      for await (const record of source) {
        batch.push(record);
        if (batch.length < usersPerBatch[dialect]) continue;
        await work.#runBatch(batch);
        batch = [];
      }
      await work.#runBatch(batch);
    } finally {
      // Also where the source fails: its error is the one to tell.
      await work.#inserting.catch(() => undefined);
    }
    await work.#inserting;
    work.#report.end();
    await work.#finish();
    return work.#report.counts;
  }

  async #finish(): Promise<void> {
    const { database, clock } = this.dependencies;
    const { dryRun, source, actor, revokedTokens = 0 } = this.options;
    if (dryRun) return;
    const { imported, refused, skipped } = this.#report.counts;
    await auditStore.add(database.queries, clock, {
      event: 'users_imported',
      actor,
      details: {
        ...{ source, imported, refused, skipped },
        ...(revokedTokens > 0 && { revoked_tokens: revokedTokens }),
      },
    });
  }

  async #runBatch(records: readonly SourceRecord[]): Promise<void> {
    const { database } = this.dependencies;
    this.#report.add('read', records.length);
    const ids = records.flatMap((record) =>
      'user' in record && findUnstorable(record.user.id) === undefined ? [toForeignId(record.user.id)] : [],
    );
    const { source } = this.options;
    const [done, deleted] = await Promise.all([
      importedUsersStore.findImported(database.queries, source, ids),
      deletedForeignIdsStore.find(database.queries, source, ids),
    ]);
    const newRoles = new Set<string>();
    const checked = await checkPasskeys(records);
    const candidates = checked.flatMap((record) => this.#check(record, { done, deleted }, newRoles));
    const named = await this.#findFree(candidates);
    const addresses = await dropTakenAddresses(database.queries, named, this.#seen, this.#addresses);
    const { candidates: free, taken, lost } = addresses;
    for (const { loser, holder } of lost) this.#report.noteLostAddress(loser, holder);
    if (!this.options.dryRun && free.length > 0) {
      for (const name of newRoles) await this.#createRole(name);
      await this.#inserting;
      this.#inserting = this.#insert(free, taken);
      // Awaited later: until then an error of it is not one that nobody handles.
      this.#inserting.catch(() => undefined);
      // Between two batches others get SQLite's only lock.
      if (database.dialect === 'sqlite') await this.#inserting.then(() => this.#pauses.giveWay());
    } else this.#report.addImported(free);
    this.reports.onProgress?.(this.#report.counts);
  }

  #check(record: SourceRecord, { done, deleted }: Before, newRoles: Set<string>): Candidate[] {
    const { place } = record;
    if ('error' in record) return this.#report.refuse(record, record.error);
    const { user: foreign } = record;
    if (done.has(toForeignId(foreign.id))) {
      this.#report.add('skipped');
      return [];
    }
    if (deleted.has(toForeignId(foreign.id))) {
      this.#report.add('deleted');
      return [];
    }
    const { username } = foreign;
    const unstorable = findUnstorableField(foreign);
    if (unstorable !== undefined) return this.#report.refuse({ place, username }, unstorable);
    const { roles, missing, errors } = this.mapping.map(foreign.roles);
    this.#report.noteRoleErrors({ place, username }, errors);
    try {
      const made = toUserRow(foreign, this.options, {
        clock: this.dependencies.clock,
        hashKinds: this.hashKinds,
      });
      const isRefused = errors.length > 0;
      if (!isRefused) for (const name of this.mapping.addMissing(missing)) newRoles.add(name);
      return this.#refuseDuplicate({ ...made, roles, place, isRefused });
    } catch (error) {
      if (error instanceof FieldError) return this.#report.refuse({ place, username }, error.message);
      throw error;
    }
  }

  /** Among the users of this run. */
  #refuseDuplicate(candidate: Candidate): Candidate[] {
    const { user, origin, place, factors } = candidate;
    const keys = {
      ...Object.fromEntries(
        factors.passkeys.map(({ credentialId }) => [`passkey ${credentialId}`, 'has the same passkey']),
      ),
      [`id ${origin.foreign_id}`]: 'has the same id',
      [`user ${user.id}`]: 'has the same id',
      [`name ${user.username_key}`]: 'has the same name, apart from its case',
      ...(this.options.usernames === 'distinct' && {
        [`look ${user.username_skeleton ?? ''}`]: 'has a name that looks the same',
      }),
    };
    for (const [key, what] of Object.entries(keys)) {
      const other = this.#seen.get(key);
      if (other !== undefined) {
        return this.#report.refuse(
          { place, username: user.username },
          `${other} ${what}: give one of them another name (--rename), or leave it out`,
        );
      }
    }
    for (const key of Object.keys(keys)) this.#seen.set(key, place);
    return [candidate];
  }

  /** Those whose ids and names no user has, and whose roles are right. */
  async #findFree(candidates: readonly Candidate[]): Promise<Candidate[]> {
    const { queries } = this.dependencies.database;
    const taken = await importedUsersStore.findTaken(
      queries,
      candidates.map(({ user }) => user),
    );
    const ids = new Set(taken.map(({ id }) => id));
    const names = new Set(taken.map((each) => each.username_key));
    const looks = new Set(taken.flatMap((each) => each.username_skeleton ?? []));
    const credentials = await importedFactorsStore.findTakenCredentials(
      queries,
      candidates.flatMap(({ factors }) => factors.passkeys.map(({ credentialId }) => credentialId)),
    );
    return candidates.flatMap((candidate) => {
      const { user, place, factors } = candidate;
      const look = user.username_skeleton ?? '';
      const isLike = looks.has(look) || this.#looks.has(look);
      const error = ids.has(user.id)
        ? 'a user here has this id'
        : names.has(user.username_key)
          ? 'a user here has this name'
          : isLike && this.options.usernames === 'distinct'
            ? 'a user here has a name that looks the same'
            : factors.passkeys.some(({ credentialId }) => credentials.has(credentialId))
              ? 'a user here has one of the passkeys'
              : undefined;
      if (error !== undefined) {
        return this.#report.refuse(
          { place, username: user.username },
          `${error}: give another name (--rename), or leave the user out`,
        );
      }
      if (candidate.isRefused) return this.#report.refuseForRoles();
      this.#looks.add(look);
      return [isLike ? { ...candidate, user: { ...user, username_skeleton: null } } : candidate];
    });
  }

  async #createRole(name: string): Promise<void> {
    const description = `Imported from ${this.options.source}`;
    await this.dependencies.roles.put(name, { description, permissions: [] }, this.options.actor);
  }

  /** @param taken the addresses that other users lose to them. */
  async #insert(candidates: readonly Candidate[], taken: readonly string[]): Promise<void> {
    const inserted = await this.#insertAll(candidates, taken).catch((error: unknown) => {
      // Another import has one of them under another name.
      if (isUniqueViolation(error)) return new Set<string>();
      throw error;
    });
    this.#report.addImported(candidates.filter(({ user }) => inserted.has(user.id)));
    for (const { user, place } of candidates) {
      if (!inserted.has(user.id)) {
        this.#report.refuse(
          { place, username: user.username },
          'somebody has taken the name, or imported the user, in the meantime: run the import again',
        );
      }
    }
  }

  #insertAll(candidates: readonly Candidate[], taken: readonly string[]): Promise<ReadonlySet<string>> {
    const { database, clock, totpSecrets: secrets } = this.dependencies;
    return database.longRunning.transaction(async (transaction) => {
      const hasRoles = candidates.some(({ roles }) => roles.length > 0);
      if (hasRoles) await rolesStore.lockRights(transaction);
      await takeUnverifiedAddresses(transaction, clock, taken, { actor: this.options.actor });
      const ids = await importedUsersStore.insert(transaction, candidates);
      if (hasRoles) await countersStore.increment(transaction, 'rights');
      const imported = candidates.filter(({ user }) => ids.has(user.id));
      const factors = new Map(imported.map((each) => [each.user.id, each.factors]));
      await insertFactors(transaction, factors, { clock, secrets });
      await auditStore.addMany(
        transaction,
        clock,
        imported.map((each) => describeImported(each, this.options.actor)),
      );
      return ids;
    });
  }
}
