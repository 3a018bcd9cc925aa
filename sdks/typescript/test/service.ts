import { LatchkeyClient, type LatchkeyOptions } from '@latchkey/client';

/** The service's address and users, from the driver of the SDKs. */
function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined)
    throw new Error(`${name} is not set. Run the tests by "npm run test:sdks -- typescript".`);
  return value;
}

export const url = setting('LATCHKEY_URL');
export const userPassword = setting('LATCHKEY_USER_PASSWORD');
const administrator = [setting('LATCHKEY_ADMIN_USERNAME'), setting('LATCHKEY_ADMIN_PASSWORD')] as const;
const reader = [setting('LATCHKEY_READER_USERNAME'), setting('LATCHKEY_READER_PASSWORD')] as const;

/** A client and what it has sent, such as `POST /refresh`. */
export interface WatchedClient extends LatchkeyClient {
  readonly sent: string[];
}

/** A client that records what it sends. */
export function watched(options: Partial<LatchkeyOptions> = {}): WatchedClient {
  const sent: string[] = [];
  const send = options.fetch ?? ((request: Request) => fetch(request));
  const client = new LatchkeyClient({
    baseUrl: url,
    ...options,
    fetch: (request) => {
      sent.push(`${request.method} ${new URL(request.url).pathname}`);
      return send(request);
    },
  });
  return Object.assign(client, { sent });
}

export async function asAdministrator(options?: Partial<LatchkeyOptions>): Promise<WatchedClient> {
  const client = watched(options);
  await client.login(...administrator);
  return client;
}

export async function asReader(options?: Partial<LatchkeyOptions>): Promise<WatchedClient> {
  const client = watched(options);
  await client.login(...reader);
  return client;
}

export async function asUser(number: number, options?: Partial<LatchkeyOptions>): Promise<WatchedClient> {
  const client = watched(options);
  await client.login(`user-${String(number).padStart(2, '0')}`, userPassword);
  return client;
}

let revision = 0;

/** Revokes the access tokens of all sample users, by a change of their role's permissions. */
export async function revokeAccessTokens(): Promise<void> {
  const { api } = await asAdministrator();
  revision += 1;
  const permissions = ['samples:read', `samples:${process.pid}.${revision}`];
  await api.PUT('/roles/{name}', { params: { path: { name: 'sample' } }, body: { permissions } });
}

/** How often something was sent. */
export function count({ sent }: WatchedClient, what: string): number {
  return sent.filter((each) => each === what).length;
}

/** A promise, and the function that resolves it. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}
