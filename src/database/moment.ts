import type { Expression } from 'kysely';

/** A time for use in a statement: absolute, or an offset that is added to the database's clock. */
export interface Moment {
  readonly value: number;
  /** The SQL of the absolute time; the same function for all moments of a database. */
  readonly from: (value: Expression<number>) => Expression<number>;
}
