import { sql } from 'kysely';
import type { Queries } from '../database/database.js';
import { deleteExpiredRows } from '../database/expired-rows.js';
import type { RevocationKind, RevocationRow } from '../database/schema.js';
import type { AccessTokenClaims } from '../tokens/access-token-claims.js';

/** A change that revokes tokens issued before it. */
export type Revocation = RevocationRow;

/** A position in the order of writing; with empty texts, before the first revocation of that time. */
export interface RevocationPlace {
  readonly created_at: number;
  readonly kind: RevocationRow['kind'] | '';
  readonly target: string;
}

/** The columns that are kept in memory. */
export type LiveRevocation = Omit<Revocation, 'created_at'>;

interface RevocationPage {
  readonly limit: number;
  /** The target that the page comes after; `''` for the first page. */
  readonly after: string;
}

/** The target of a revocation of kind `role` that concerns every user, whatever their roles. */
export const everyRole = '*';

/** The live rows of a page, column by column. */
export interface RevocationColumns {
  /** Without spaces. */
  readonly targets: readonly string[];
  readonly expiries: readonly number[];
  /** 0 for a row without one. */
  readonly versions: readonly number[];
  /** The target that the next page comes after; undefined for the last page. */
  readonly next: string | undefined;
}

/** The aggregates of a page. */
type PageRow = Readonly<Record<'targets' | 'expiries' | 'versions' | 'last', string | null>> & {
  readonly found: number;
};

const liveColumns = ['kind', 'target', 'version', 'expires_at'] as const;

/** A statement has at most 32,766 parameters in SQLite and 65,535 in PostgreSQL. */
const rowsPerStatement = 1000;

export const revocationsStore = {
  /**
   * Adds revocations. One that is there already keeps the later expiry and the higher version, and moves to the end of
   * the feed.
   */
  async add(queries: Queries, rows: readonly Revocation[]): Promise<void> {
    for (let start = 0; start < rows.length; start += rowsPerStatement) {
      await queries
        .insertInto('revocations')
        .values(rows.slice(start, start + rowsPerStatement))
        .onConflict((conflict) =>
          conflict.columns(['kind', 'target']).doUpdateSet((eb) => ({
            version: eb
              .case()
              .when('revocations.version', '>', eb.ref('excluded.version'))
              .then(eb.ref('revocations.version'))
              .else(eb.ref('excluded.version'))
              .end(),
            expires_at: eb
              .case()
              .when('revocations.expires_at', '>', eb.ref('excluded.expires_at'))
              .then(eb.ref('revocations.expires_at'))
              .else(eb.ref('excluded.expires_at'))
              .end(),
            created_at: eb.ref('excluded.created_at'),
          })),
        )
        .execute();
    }
  },

  /**
   * A page of the live revocations of a kind, by target. The limit counts expired rows too, so that each page takes the
   * same time. The rows are aggregated to a text per column, because the driver needs seconds to make an object for each
   * of a million rows.
   */
  async listLive(
    queries: Queries,
    kind: RevocationKind,
    now: number,
    { limit, after }: RevocationPage,
  ): Promise<RevocationColumns> {
    const { rows } = await sql<PageRow>`
      select string_agg(target, ' ') filter (where expires_at > ${now}) as targets,
        string_agg(cast(expires_at as text), ' ') filter (where expires_at > ${now}) as expiries,
        string_agg(cast(coalesce(version, 0) as text), ' ') filter (where expires_at > ${now}) as versions,
        count(*) as found, max(target) as last
      from (
        select target, version, expires_at from revocations
        where kind = ${kind} and target > ${after}
        order by target limit ${limit}
      ) page`.execute(queries);
    const listAfter = rows[0];
    const column = (name: 'targets' | 'expiries' | 'versions'): string[] =>
      listAfter?.[name]?.split(' ') ?? [];
    const targets = column('targets');
    const expiries = column('expiries').map(Number);
    if (targets.length !== expiries.length) throw new Error('A target of the revocations has a space in it.');
    const next = listAfter?.found === limit ? (listAfter.last ?? undefined) : undefined;
    return { targets, expiries, versions: column('versions').map(Number), next };
  },

  /**
   * The revocations that concern one token, and the ids of all access-token keys, in one statement: for a process whose
   * feed is stale.
   */
  async findForToken(
    queries: Queries,
    { sid, jti, sub, roles }: AccessTokenClaims,
  ): Promise<{ readonly rows: LiveRevocation[]; readonly keyIds: string[] }> {
    const found = await queries
      .selectFrom('revocations')
      .select(liveColumns)
      .where((eb) =>
        eb.or([
          eb.and([eb('kind', '=', 'session'), eb('target', '=', sid ?? '')]),
          eb.and([eb('kind', '=', 'token'), eb('target', '=', jti)]),
          eb.and([eb('kind', '=', 'subject'), eb('target', '=', sub)]),
          eb.and([eb('kind', '=', 'role'), eb('target', 'in', [everyRole, ...roles])]),
        ]),
      )
      .unionAll(
        queries
          .selectFrom('keys')
          .where('purpose', '=', 'access')
          .select([
            sql<RevocationKind>`'key'`.as('kind'),
            'id as target',
            sql<number | null>`null`.as('version'),
            sql<number>`0`.as('expires_at'),
          ]),
      )
      .execute();
    const isKey = ({ kind }: { readonly kind: string }): boolean => kind === 'key';
    return {
      rows: found.filter((row) => !isKey(row)),
      keyIds: found.filter(isKey).map(({ target }) => target),
    };
  },

  /**
   * The next revocations in the order of writing, including expired ones, so that each page takes the same time.
   */
  listPage(
    queries: Queries,
    { after, limit }: { readonly after: RevocationPlace; readonly limit: number },
  ): Promise<Revocation[]> {
    return queries
      .selectFrom('revocations')
      .selectAll()
      .where((eb) =>
        eb(
          eb.refTuple('created_at', 'kind', 'target'),
          '>',
          eb.tuple(after.created_at, after.kind as RevocationRow['kind'], after.target),
        ),
      )
      .orderBy('created_at')
      .orderBy('kind')
      .orderBy('target')
      .limit(limit)
      .execute();
  },

  /** When the last revocation was written, in milliseconds since the Unix epoch; undefined if there is none. */
  async findLastWritten(queries: Queries): Promise<number | undefined> {
    const { last } = await queries
      .selectFrom('revocations')
      .select((eb) => eb.fn.max<number | null>('created_at').as('last'))
      .executeTakeFirstOrThrow();
    return last ?? undefined;
  },

  /**
   * Deletes revocations whose tokens have all expired.
   * @returns how many were deleted.
   */
  deleteExpired(queries: Queries, now: number, limit: number): Promise<number> {
    return deleteExpiredRows(queries, 'revocations', ['kind', 'target'], now, limit);
  },
};
