import type { ProjectMigration } from 'latchkey';

export const up: ProjectMigration['up'] = async (database, { dialect }) => {
  const milliseconds = dialect === 'sqlite' ? 'integer' : 'bigint';
  await database.schema
    .createTable('reports')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('owner_id', 'text', (column) => column.notNull().references('users.id').onDelete('cascade'))
    .addColumn('title', 'text', (column) => column.notNull())
    .addColumn('created_at', milliseconds, (column) => column.notNull())
    .execute();
  await database.schema.createIndex('reports_by_owner').on('reports').column('owner_id').execute();
};
