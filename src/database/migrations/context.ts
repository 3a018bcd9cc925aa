/** What a migration may need to know about the database. */
export interface MigrationContext {
  readonly dialect: 'sqlite' | 'postgres';
}
