// Makes the tables, a user, and sessions; writes the sessions' cookies and a JWT of each to files.
import { writeFileSync } from 'node:fs';
import { getMigrations } from 'better-auth/db/migration';
import { auth } from './auth.js';

const [, , count, cookieFile, tokenFile] = process.argv;
const account = { email: 'user@example.com', password: 'a long enough password' };

const { runMigrations } = await getMigrations(auth.options);
await runMigrations();
await auth.api.signUpEmail({ body: { ...account, name: 'User' } });

const cookies = [];
const tokens = [];
for (let session = 0; session < Number(count); session += 1) {
  const response = await auth.api.signInEmail({ body: account, asResponse: true });
  const cookie = response.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .find((pair) => pair.includes('session_token='));
  const { token } = await auth.api.getToken({ headers: new Headers({ Cookie: cookie }) });
  cookies.push(`${cookie}\n`);
  tokens.push(`Bearer ${token}\n`);
}
writeFileSync(cookieFile, cookies.join(''));
writeFileSync(tokenFile, tokens.join(''));
