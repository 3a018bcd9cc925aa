/** PostgreSQL's SQLSTATE, and SQLite's extended result codes for a primary key and for a unique column. */
const unique: readonly unknown[] = ['23505', 1555, 2067];

/** Whether a statement failed because another row already has the value that must be unique. */
export function isUniqueViolation(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, errcode } = error as { code?: unknown; errcode?: unknown };
  return unique.includes(code) || unique.includes(errcode);
}
