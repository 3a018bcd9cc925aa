/** PostgreSQL's SQLSTATE, and SQLite's extended result codes for a primary key and for a unique column. */
const unique: readonly unknown[] = ['23505', 1555, 2067];

/** Likewise for a foreign key, and for one with `on delete restrict`. */
const foreignKey: readonly unknown[] = ['23503', '23001', 787, 1811];

/** Whether a statement failed because another row already has the value that must be unique. */
export function isUniqueViolation(error: unknown): boolean {
  return hasCode(error, unique);
}

/** Whether a statement failed because of a foreign key: the row that it names is missing, or rows still name this one. */
export function isForeignKeyViolation(error: unknown): boolean {
  return hasCode(error, foreignKey);
}

function hasCode(error: unknown, codes: readonly unknown[]): boolean {
  if (!(error instanceof Error)) return false;
  const { code, errcode } = error as { code?: unknown; errcode?: unknown };
  return codes.includes(code) || codes.includes(errcode);
}
