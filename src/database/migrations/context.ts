/** What a migration is told of the database that it is for. */
export interface MigrationContext {
  readonly dialect: 'sqlite' | 'postgres';
}
