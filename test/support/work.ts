import pg from 'pg';
import { SqliteWriter } from '../../src/database/sqlite-writer.js';
import { Statements, type Statement } from '../../src/database/sqlite.js';
import { computations } from '../../src/passwords/passwords.js';

/** What looks for changes of other processes comes at any time. */
const isOfFeed = /pragma data_version|select pg_notify|as now$|\blisten\b/i;

/**
 * What is done in this process while something runs, in its order: statements, those that are read here and those that go
 * to the writer or to PostgreSQL, and computations of argon2id. It stands for the time that it takes.
 */
export async function recordWork(run: () => Promise<unknown>): Promise<string[]> {
  const all: string[] = [];
  const work = { push: (piece: string) => (isOfFeed.test(piece) ? 0 : all.push(piece)) };
  const undo = [
    noting(Statements.prototype, 'execute', ({ sql }: Statement) => work.push(`read ${sql}`)),
    noting(SqliteWriter.prototype, 'execute', ({ sql }: Statement) => work.push(`write ${sql}`)),
    noting(SqliteWriter.prototype, 'executeBatch', (statements: readonly Statement[]) =>
      work.push(`write ${statements.map(({ sql }) => sql).join('; ')}`),
    ),
    noting(SqliteWriter.prototype, 'begin', () => work.push('begin')),
    noting(SqliteWriter.prototype, 'end', () => work.push('end')),
    noting(pg.Client.prototype, 'query', (query: string | { readonly text: string }) =>
      work.push(typeof query === 'string' ? query : query.text),
    ),
  ];
  const compute = (costs: unknown): unknown => work.push(`argon2id ${String(costs)}`);
  computations.subscribe(compute);
  try {
    await run();
  } finally {
    computations.unsubscribe(compute);
    for (const each of undo) each();
  }
  return all;
}

function noting(prototype: object, method: string, note: (first: never) => unknown): () => void {
  const methods = prototype as Record<string, (...all: unknown[]) => unknown>;
  const original = methods[method];
  if (!original) throw new Error(`There is no ${method}.`);
  methods[method] = function (this: unknown, ...all) {
    note(all[0] as never);
    return original.apply(this, all);
  };
  return () => {
    methods[method] = original;
  };
}

/** Whether a piece of work writes. */
export function writes(piece: string): boolean {
  return /^(?:write|begin|end|insert|update|delete)\b/.test(piece);
}
