// Signs access tokens, and verifies such as are seen for the first time: by Latchkey, by jsonwebtoken, and by node:crypto
// alone. The argument says how many rounds. Prints for each the processor time that a token takes in each round, in
// microseconds.
import { createPublicKey, createVerify, randomUUID, sign, verify, type JsonWebKey } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { pino } from 'pino';
import { interleave } from '../harness/rounds.ts';
import { loadBuilt } from './built.ts';

const [, , rounds] = process.argv;
const tokensEach = 3000;

const { readConfig } = await loadBuilt('config/config.js');
const { systemClock } = await loadBuilt('clock.js');
const { openInstallation } = await loadBuilt('server/installation.js');
const { default: project } = await loadBuilt('project.js');
const { prepareService } = await loadBuilt('server/first-start.js');

const config = readConfig({
  DATABASE_URL: 'sqlite::memory:',
  LATCHKEY_ADMIN_PASSWORD: 'a long enough password',
});
const issuer = 'http://127.0.0.1:3000';
const services = await openInstallation(config, systemClock, pino({ level: 'silent' }), issuer, project);
await prepareService(services, []);
const { accessTokens, ring } = services;
const [jwk] = ring.listPublishedKeys();
const key = createPublicKey({ key: jwk as unknown as JsonWebKey, format: 'jwk' });

function issue(): string {
  return accessTokens.issue({
    subject: '0199f3c2-6d1e-7a44-8c5b-2f1d9e7a6b10',
    version: 1,
    sessionId: '0199f3c2-6d1e-7a44-8c5b-2f1d9e7a6b11',
    roles: [],
    permissions: [],
    authenticatedAt: Date.now(),
    fresh: true,
  });
}

function split(token: string): readonly [signed: string, signature: Buffer] {
  const end = token.lastIndexOf('.');
  return [token.slice(0, end), Buffer.from(token.slice(end + 1), 'base64url')];
}

function verifyWithCreateVerify([signed, signature]: ReturnType<typeof split>): boolean {
  return createVerify('sha256').update(signed).verify({ key, dsaEncoding: 'ieee-p1363' }, signature);
}

const verifying = {
  'node:crypto, verify': (token: string) => {
    const [signed, signature] = split(token);
    return verify('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }, signature);
  },
  'node:crypto, createVerify': (token: string) => verifyWithCreateVerify(split(token)),
  'node:crypto, createVerify, and the claims read by JSON.parse': (token: string) => {
    const parts = split(token);
    const [signed] = parts;
    const claims = Buffer.from(signed.slice(signed.indexOf('.') + 1), 'base64url').toString();
    return verifyWithCreateVerify(parts) && (JSON.parse(claims) as { iss: unknown }).iss === issuer;
  },
  'jsonwebtoken, prepared key': (token: string) => jwt.verify(token, key, { algorithms: ['ES256'] }) !== '',
  '**Latchkey**': (token: string) => accessTokens.verify(token).iss === issuer,
};

const { privateKey } = ring.signingKey;
const [header, payload] = issue()
  .split('.', 2)
  .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()) as object) as [jwt.JwtHeader, object];
const newPayload = (): object => ({ ...payload, jti: randomUUID() });
const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

const signing = {
  'node:crypto, sign': () => {
    const content = `${part(header)}.${part(newPayload())}`;
    const signature = sign('sha256', Buffer.from(content), { key: privateKey, dsaEncoding: 'ieee-p1363' });
    return `${content}.${signature.toString('base64url')}`;
  },
  'jsonwebtoken, prepared key': () => jwt.sign(newPayload(), privateKey, { algorithm: 'ES256', header }),
  '**Latchkey**': issue,
};

/** What each token takes. */
function time(way: (token: string) => unknown, tokens: readonly string[]): number {
  const before = process.cpuUsage();
  for (const token of tokens) if (!way(token)) throw new Error('A good token was refused.');
  const { user, system } = process.cpuUsage(before);
  return (user + system) / tokensEach;
}

const tokens = (): string[] => Array.from({ length: tokensEach }, issue);
const subjects = [
  ...Object.entries(verifying).map(([name, way]) => [`verifying: ${name}`, way] as const),
  ...Object.entries(signing).map(([name, way]) => [`signing: ${name}`, way] as const),
];
for (const [, way] of subjects) time(way, tokens());
const measured = await interleave(subjects, Number(rounds), ([, way]) =>
  Promise.resolve(time(way, tokens())),
);
await services.database.close();
console.log(`RESULT ${JSON.stringify([...measured].map(([[name], times]) => [name, times]))}`);
