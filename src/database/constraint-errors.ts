/** PostgreSQL's SQLSTATE, and SQLite's extended result codes. */
const codes = {
  unique: { sqlState: '23505', sqlite: [1555, 2067] },
  'foreign key': { sqlState: '23503', sqlite: [787] },
} as const;

/** Whether a statement failed because of a constraint of this kind: two requests wanted what only one can have. */
export function violates(error: unknown, constraint: keyof typeof codes): boolean {
  if (!(error instanceof Error)) return false;
  const { code, errcode } = error as { code?: unknown; errcode?: unknown };
  const { sqlState, sqlite } = codes[constraint];
  return code === sqlState || sqlite.some((each) => each === errcode);
}
