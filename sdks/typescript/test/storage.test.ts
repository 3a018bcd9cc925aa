import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { browserStorage, memoryStorage, type StoredTokens, type TokenStorage } from '@latchkey/client';
import { asUser, count, revokeAccessTokens, watched } from './service.js';

/** The members of browsers' APIs that are used. */
function pretendLocalStorage(): Map<string, string> {
  const items = new Map<string, string>();
  Object.defineProperty(globalThis, 'localStorage', {
    configurable: true,
    value: {
      getItem: (key: string) => items.get(key) ?? null,
      setItem: (key: string, value: string) => items.set(key, value),
      removeItem: (key: string) => items.delete(key),
    },
  });
  return items;
}

describe('The storage of the tokens', () => {
  const original = Object.getOwnPropertyDescriptor(globalThis, 'localStorage');
  afterEach(() => {
    if (original) Object.defineProperty(globalThis, 'localStorage', original);
    else delete (globalThis as { localStorage?: unknown }).localStorage;
  });

  it('in memory can start with the tokens of an earlier login', async () => {
    const tokens = await (await asUser(31)).tokens();
    const client = watched({ storage: memoryStorage(tokens) });
    assert.equal((await client.api.GET('/me')).data.username, 'user-31');
  });

  it('in localStorage is read by the next client', async () => {
    const items = pretendLocalStorage();
    const first = await asUser(32, { storage: browserStorage() });
    assert.deepEqual([...items.keys()], ['latchkey.tokens']);
    const second = watched({ storage: browserStorage() });
    assert.equal((await second.api.GET('/me')).data.username, 'user-32');
    await second.logout();
    assert.equal(items.size, 0);
    assert.equal(await first.tokens(), undefined);
  });

  it('in localStorage ignores other values under its key', async () => {
    const items = pretendLocalStorage();
    for (const text of ['{', 'null', '"x"', '{"access_token":1}']) {
      items.set('mine', text);
      assert.equal(await browserStorage('mine').get(), undefined);
    }
  });

  it('in localStorage throws without localStorage', () => {
    Object.defineProperty(globalThis, 'localStorage', { configurable: true, value: undefined });
    assert.throws(() => browserStorage(), /memoryStorage/);
  });

  it('can be any object with get and set, also asynchronous ones', async () => {
    let stored: string | undefined;
    const storage: TokenStorage = {
      get: async () => (stored === undefined ? undefined : (JSON.parse(stored) as StoredTokens)),
      set: async (tokens) => {
        stored = tokens && JSON.stringify(tokens);
      },
    };
    const client = await asUser(33, { storage });
    await revokeAccessTokens();
    await Promise.all(Array.from({ length: 20 }, () => client.api.GET('/me')));
    assert.equal(count(client, 'POST /refresh'), 1);
    await client.logout();
    assert.equal(stored, undefined);
  });

  it('is read again before a refresh, so that clients can share it', async () => {
    const storage = memoryStorage();
    const first = await asUser(34, { storage });
    const second = watched({ storage });
    await revokeAccessTokens();
    await first.api.GET('/me');
    await second.api.GET('/me');
    assert.equal(count(first, 'POST /refresh') + count(second, 'POST /refresh'), 1);
  });

  it('without turns keeps its session through two concurrent refreshes', async () => {
    const storage = memoryStorage();
    const clients = [await asUser(35, { storage }), watched({ storage })];
    const readSession = async (): Promise<string> => {
      const [, payload = ''] = (await storage.get())!.access_token.split('.');
      return (JSON.parse(Buffer.from(payload, 'base64url').toString()) as { sid: string }).sid;
    };
    const session = await readSession();
    await revokeAccessTokens();
    await Promise.all(clients.map((client) => client.api.GET('/me')));
    await Promise.all(clients.map((client) => client.api.GET('/me')));
    assert.equal(await readSession(), session);
  });

  it('takes turns if it has exclusively', async () => {
    const memory = memoryStorage();
    let turns = 0;
    let last: Promise<unknown> = Promise.resolve();
    const storage: TokenStorage = {
      ...memory,
      exclusively: (work) => {
        turns += 1;
        const result = last.then(work);
        last = result.catch(() => undefined);
        return result;
      },
    };
    const clients = [await asUser(36, { storage }), watched({ storage })];
    await revokeAccessTokens();
    await Promise.all(clients.map((client) => client.api.GET('/me')));
    assert.equal(
      clients.reduce((sum, client) => sum + count(client, 'POST /refresh'), 0),
      1,
    );
    assert.equal(turns, 3);
  });
});
