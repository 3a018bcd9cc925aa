import { openSource, type SourceKind, type SourceOptions } from '../../src/import/sources/open-source.js';
import type { ForeignFactors } from '../../src/import/foreign-factors.js';

/** What better-auth 1.4 wrote for the secret `betterAuthSecret`, with its own libraries, and the code that it showed then. */
export const betterAuth = {
  secret: 'a secret of better-auth, long enough',
  versions: '3:of another version,2:the second secret of better-auth',
  plain:
    'f2f5413594268019dfc43ae538afc16e01c8c38a65f989efdbed8a63541e7fd79a5cb2d18ed33d008a834540e89255cf30257ad71a860e16565b1effc2e7b1b9ef05ca9a86504a8a',
  versioned:
    '$ba$2$49e690803fa2d9c5e117328677a4eabfe7308aaf0d035125f56ce48332d7ab9d5375bd93717ee7019e03469a321d9d624404b4bb6994af15d2e0a83fb953a63c25ee0e9bde37c696',
  totp: 'PBFDI22QOE3VEYSXGJWVI6RZJRRVMNLOJBSDQRTTLFTTGS3FKFQQ',
  step: 58_845_740,
  code: '912010',
} as const;

/** The tables of better-auth with its plugins `twoFactor` and `passkey`, and one user. */
export function buildBetterAuthTables(user: string, sealed: string, passkey = ''): string {
  return `create table "user" ("id" text not null primary key, "name" text not null, "email" text not null unique, "emailVerified" integer not null, "createdAt" date not null, "updatedAt" date not null, "twoFactorEnabled" integer);
    create table "account" ("id" text not null primary key, "accountId" text not null, "providerId" text not null, "userId" text not null references "user" ("id"), "password" text);
    create table "twoFactor" ("id" text not null primary key, "secret" text not null, "backupCodes" text not null, "userId" text not null references "user" ("id"));
    create table "passkey" ("id" text not null primary key, "name" text, "publicKey" text not null, "userId" text not null references "user" ("id"), "credentialID" text not null, "counter" integer not null, "deviceType" text not null, "backedUp" integer not null, "transports" text, "createdAt" date, "aaguid" text);
    insert into "user" values ('${user}', 'Ada', '${user}@example.com', 1, '2024-05-01T09:00:00.000Z', '2024-05-01', 1);
    insert into "account" values ('a', '${user}', 'credential', '${user}', null);
    insert into "twoFactor" values ('t', '${sealed}', 'f2f541', '${user}');
    ${passkey}`;
}

/** As Keycloak 26 exports an authenticator app. */
export function buildKeycloakTotp(value: string, data: object = {}): object {
  return {
    ...{ id: 'c072522e-1a5a-4037-b8a9-aa8d94cda9f9', type: 'otp', userLabel: 'Phone' },
    createdDate: 1714554000000,
    secretData: JSON.stringify({ value }),
    credentialData: JSON.stringify({
      ...{ subType: 'totp', digits: 6, counter: 0, period: 30, algorithm: 'HmacSHA1' },
      ...data,
    }),
  };
}

/** And a passkey. */
export function buildKeycloakPasskey(
  type: 'webauthn' | 'webauthn-passwordless',
  { credentialId, publicKey }: { readonly credentialId: Buffer; readonly publicKey: Buffer },
): object {
  return {
    ...{ id: '34389672-9356-4154-9ed6-6c212b869010', type, userLabel: 'Key' },
    createdDate: 1714554000000,
    secretData: '{}',
    credentialData: JSON.stringify({
      aaguid: '00000000-0000-0000-0000-000000000000',
      credentialId: credentialId.toString('base64'),
      counter: 0,
      credentialPublicKey: publicKey.toString('base64url'),
      attestationStatementFormat: 'none',
      transports: ['internal', 'hybrid'],
    }),
  };
}

/** Place in a source → the factors there, or what is wrong. */
export async function readFactors(
  kind: SourceKind,
  location: string,
  options: SourceOptions = {},
): Promise<(ForeignFactors | string | undefined)[]> {
  const { users, close } = await openSource(kind, location, options);
  const read = [];
  for await (const record of users) read.push('user' in record ? record.user.factors : record.error);
  await close();
  return read;
}
