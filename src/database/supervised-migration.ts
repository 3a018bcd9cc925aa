// What a project's migration may not do, found by what it has done: SQL can be written in too many ways to be read.
import {
  sql,
  RawNode,
  type Kysely,
  type KyselyPlugin,
  type PluginTransformQueryArgs,
  type RootOperationNode,
} from 'kysely';
import { readCoreShapes, readRelations, type CoreShapes, type Relations } from './core-shapes.js';
import { DatabaseUnavailable } from './database-unavailable.js';
import { isReservedName } from './core-tables.js';
import type { MigrationContext, ProjectMigration } from './migrations/context.js';
import type { Schema } from './schema.js';
import { watchCoreRows } from './watched-rows.js';
import { findWrongReference } from './wrong-references.js';

/** What a migration has done that it must not do, or could not have meant. Nothing of it stays. */
class MigrationRefused extends Error {}

/** A migration has ended the transaction that it ran in: what it did before that cannot be undone. */
export class TransactionEnded extends Error {}

const savepoint = sql.id('latchkey_migration');

/**
 * Runs a migration, and looks at what it has done.
 * @param queries a transaction, which the caller rolls back where this fails.
 * @throws {TransactionEnded} where there is nothing to roll back any more.
 */
export async function runSupervised(
  queries: Kysely<Schema>,
  migration: ProjectMigration,
  context: MigrationContext,
): Promise<void> {
  const { dialect } = context;
  const names = await readRelations(queries, dialect);
  const shapes = await readCoreShapes(queries, dialect);
  await sql`savepoint ${savepoint}`.execute(queries);
  try {
    const rows = await watchCoreRows(queries, dialect);
    await migration.up(queries.withPlugin(new TransactionKeeper()), context);
    const written = await rows.end();
    const after = await readRelations(queries, dialect);
    refuse(
      compareShapes(shapes, await readCoreShapes(queries, dialect)) ??
        written ??
        findReservedName(after, names) ??
        (dialect === 'sqlite' ? await findWrongReference(queries, after, names) : undefined),
    );
  } catch (error) {
    // There is nobody to ask.
    if (error instanceof DatabaseUnavailable) throw error;
    await assertInTransaction(queries, sql`rollback to savepoint ${savepoint}`, error);
    throw explainTakenName(error, names);
  }
  await assertInTransaction(queries, sql`release savepoint ${savepoint}`);
}

/** The savepoint is gone together with the transaction. */
async function assertInTransaction(
  queries: Kysely<Schema>,
  statement: ReturnType<typeof sql>,
  cause?: unknown,
): Promise<void> {
  try {
    await statement.execute(queries);
  } catch (error) {
    if (error instanceof DatabaseUnavailable) throw error;
    throw new TransactionEnded('it has ended its transaction', { cause: cause ?? error });
  }
}

/** Refuses the usual ways of ending a transaction before anything is done. */
class TransactionKeeper implements KyselyPlugin {
  transformQuery({ node }: PluginTransformQueryArgs): RootOperationNode {
    const text = RawNode.is(node) ? node.sqlFragments.join('') : '';
    if (/^\s*(begin|start\s+transaction|commit|end|rollback(?!\s+to))\b/i.test(text)) {
      throw new MigrationRefused(
        `it writes "${text.trim().slice(0, 40)}", and Latchkey begins and ends its transaction: leave that out`,
      );
    }
    return node;
  }

  transformResult: KyselyPlugin['transformResult'] = ({ result }) => Promise.resolve(result);
}

function refuse(reason: string | undefined): void {
  if (reason !== undefined) throw new MigrationRefused(reason);
}

function compareShapes(before: CoreShapes, after: CoreShapes): string | undefined {
  const changed = [...before].find(([table, shape]) => after.get(table) !== shape);
  return (
    changed &&
    `it changes the table "${changed[0]}", which is Latchkey's: a project refers to "users", and has columns, indexes and triggers on its own tables`
  );
}

function findReservedName(after: Relations, before: Relations): string | undefined {
  const wrong = [...after.keys()].find((name) => !before.has(name) && isReservedName(name));
  return (
    wrong &&
    `it makes "${wrong}", and names that begin with latchkey_, kysely_ or project_migration are Latchkey's: choose another one`
  );
}

/** The database says only that there is such a name. */
function explainTakenName(error: unknown, names: Relations): unknown {
  const message = error instanceof Error ? error.message : '';
  const taken = /(?:table|index|relation) "?([\w$]+)"? already exists/.exec(message)?.[1];
  if (taken === undefined || !names.has(taken)) return error;
  return new MigrationRefused(
    `${message}: where no migration of the project has made it, it is Latchkey's, and yours needs another name`,
    { cause: error },
  );
}
