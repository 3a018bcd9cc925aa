import type { Compilable, Kysely } from 'kysely';
import type { Schema } from './schema.js';

/** A statement that is to be executed, in a transaction or a batch. */
export type Statement<Row = unknown> = Compilable<Row>;

/** A statement of a batch. It cannot use the results of the others. */
export interface BatchStatement<Row = unknown> {
  readonly query: Compilable<Row>;
  /** If it returns no row, the batch stops there, and nothing of it is committed. */
  readonly required?: boolean;
}

/** The rows of each statement; undefined if a required statement returned none. */
export type BatchRows<Statements extends readonly BatchStatement[]> =
  | {
      -readonly [Index in keyof Statements]: Statements[Index] extends BatchStatement<infer Row>
        ? Row[]
        : never;
    }
  | undefined;

/** Rolls the transaction back in which a required statement returned no row. */
class BatchStopped extends Error {
  override readonly name = 'BatchStopped';
}

/** What a transaction returns; undefined where a required statement of `executeSequentially` has stopped it. */
export async function untilStopped<T>(transaction: Promise<T>): Promise<T | undefined> {
  try {
    return await transaction;
  } catch (error) {
    if (error instanceof BatchStopped) return undefined;
    throw error;
  }
}

/** Executes the statements of a batch one after another, within a transaction that `untilStopped` waits for. */
export async function executeSequentially<const Statements extends readonly BatchStatement[]>(
  transaction: Kysely<Schema>,
  statements: Statements,
): Promise<NonNullable<BatchRows<Statements>>> {
  const all: unknown[][] = [];
  for (const { query, required = false } of statements) {
    const { rows } = await transaction.executeQuery(query.compile());
    if (required && rows.length === 0) throw new BatchStopped();
    all.push(rows);
  }
  return all as NonNullable<BatchRows<Statements>>;
}
