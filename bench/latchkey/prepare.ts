// Fills the database of DATABASE_URL with users, sessions, each begun by a login, and a client that may read what is
// revoked. Arguments: users, sessions, and a folder for the files: access-tokens (values for the Authorization header),
// refresh-tokens, logins (bodies), and client.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { loadBuilt } from './built.ts';

const [users = 0, sessions = 0] = process.argv.slice(2, 4).map(Number);
const [, , , , folder = '.'] = process.argv;
/** Logins at a time, all from one address: of those more than fifty may not wait. */
const atATime = 40;

const { readConfig } = await loadBuilt('config/config.js');
const { systemClock } = await loadBuilt('clock.js');
const { openInstallation } = await loadBuilt('server/installation.js');
const { default: project } = await loadBuilt('project.js');
const { prepareService } = await loadBuilt('server/first-start.js');

const config = readConfig(process.env);
const log = pino({ level: 'silent' });
const services = await openInstallation(config, systemClock, log, config.issuer ?? '', project);
await prepareService(services, []);

const context = { requestId: null, address: '127.0.0.1', userAgent: 'latchkey-bench' };
const accounts = Array.from({ length: users }, (_, index) => ({
  username: `user-${index}`,
  password: `the long enough password of number ${index}`,
}));
await inTurn(accounts, async (account) => {
  await services.users.create({ ...account, roles: [], oneTime: false }, { kind: 'service', context });
});

const tokens = await inTurn(
  Array.from({ length: sessions }, (_, index) => accounts[index % users]),
  (account) => services.logins.login(account?.username ?? '', account?.password ?? '', context),
);
const { client, secret } = await services.clients.create(
  {
    name: 'A guard',
    authMethod: 'client_secret_basic',
    scope: 'revocations:read',
    audiences: [],
    introspectionAudiences: [],
    accessTokenLifetime: null,
  },
  { kind: 'service', context },
);
await services.database.close();

const write = (name: string, lines: readonly string[]): void => {
  writeFileSync(join(folder, name), lines.map((line) => `${line}\n`).join(''));
};
write(
  'access-tokens',
  tokens.map(({ access_token: token }) => `Bearer ${token}`),
);
write(
  'refresh-tokens',
  tokens.map(({ refresh_token: token }) => token),
);
write(
  'logins',
  accounts.map((account) => JSON.stringify(account)),
);
write('client', [JSON.stringify({ id: client.id, secret })]);

/** Does something for each, so many at a time. */
async function inTurn<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (let start = 0; start < items.length; start += atATime) {
    results.push(...(await Promise.all(items.slice(start, start + atATime).map(work))));
  }
  return results;
}
