import type { Database, PublicTables } from 'latchkey';

/** A row of the table, as the migrations have made it. */
export interface ReportRow {
  id: string;
  owner_id: string;
  title: string;
  /** Milliseconds since 1970. */
  created_at: number;
}

/** The tables of this store. */
interface Tables {
  reports: ReportRow;
}

/** The SQL of reports, for SQLite and PostgreSQL: https://kysely.dev. */
export class ReportsStore {
  readonly #database: Database<PublicTables & Tables>;

  constructor(database: Database) {
    this.#database = database.withTables<Tables>();
  }

  async insert(row: ReportRow): Promise<void> {
    await this.#database.queries.insertInto('reports').values(row).execute();
  }

  find(id: string) {
    return this.#withOwners().where('reports.id', '=', id).executeTakeFirst();
  }

  /** Oldest first. @param after the id of the last one of the page before */
  list(limit: number, after = '') {
    return this.#withOwners().where('reports.id', '>', after).orderBy('reports.id').limit(limit).execute();
  }

  /** @returns whether it was there. */
  async delete(id: string): Promise<boolean> {
    const deleted = await this.#database.queries
      .deleteFrom('reports')
      .where('id', '=', id)
      .returning('id')
      .executeTakeFirst();
    return deleted !== undefined;
  }

  #withOwners() {
    return this.#database.queries
      .selectFrom('reports')
      .innerJoin('users', 'users.id', 'reports.owner_id')
      .select(['reports.id', 'reports.title', 'reports.created_at', 'users.username as owner']);
  }
}
