import type { Compilable, Kysely } from 'kysely';
import type { Schema } from './schema.js';

/** A statement that is to be executed, in a transaction or a batch. */
export type Statement<Row = unknown> = Compilable<Row>;

/** A statement of a batch: it needs nothing of what the others give. */
export interface BatchStatement<Row = unknown> {
  readonly query: Compilable<Row>;
  /** Where it gives no row, the batch ends there; what came before stays done. */
  readonly required?: boolean;
}

/** The rows of each statement; undefined where one that was required gave none. */
export type BatchRows<Statements extends readonly BatchStatement[]> =
  | {
      -readonly [Index in keyof Statements]: Statements[Index] extends BatchStatement<infer Row>
        ? Row[]
        : never;
    }
  | undefined;

/** Executes a batch one statement after another, as a part of a transaction. */
export async function executeSequentially<const Statements extends readonly BatchStatement[]>(
  transaction: Kysely<Schema>,
  statements: Statements,
): Promise<BatchRows<Statements>> {
  const all: unknown[][] = [];
  for (const { query, required = false } of statements) {
    const { rows } = await transaction.executeQuery(query.compile());
    if (required && rows.length === 0) return undefined;
    all.push(rows);
  }
  return all as BatchRows<Statements>;
}
