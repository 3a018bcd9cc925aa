/** Passwords of the users of tests. */
export const testPassword = 'a password of the tests';

/** argon2id at its lowest costs, and long timeouts for the database, which a busy machine needs. */
export const testSettings: Readonly<Record<string, string>> = {
  LATCHKEY_ADMIN_PASSWORD: testPassword,
  LATCHKEY_DATABASE_CONNECT_TIMEOUT: '30s',
  LATCHKEY_DATABASE_STATEMENT_TIMEOUT: '30s',
  LATCHKEY_ISSUER: 'http://latchkey.test',
  LATCHKEY_PASSWORD_MEMORY_COST: '8',
  LATCHKEY_PASSWORD_TIME_COST: '1',
  LATCHKEY_REVOCATION_BOUND: '60s',
  LATCHKEY_SECRET: 'a secret of the tests, long enough',
};
