import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import type { LatchkeyClient, TokenStorage } from '@latchkey/client';
import { noBrowser, ServedPage } from './served-page.js';
import { userPassword, revokeAccessTokens } from './service.js';

/** A script of the compiled package, or of one that it imports. */
const script = (name: string) => ({
  type: 'text/javascript',
  content: readFileSync(fileURLToPath(new URL(`../../${name}`, import.meta.url))),
});

const page = `<!doctype html>
<script type="importmap">{"imports": {"openapi-fetch": "/openapi-fetch.mjs", "@latchkey/client": "/dist/src/index.js"}}</script>
<script type="module">
  import { browserStorage, LatchkeyClient } from '@latchkey/client';
  window.storage = browserStorage();
  window.latchkey = new LatchkeyClient({ baseUrl: location.origin, storage });
</script>`;

declare global {
  interface Window {
    latchkey: LatchkeyClient;
    storage: TokenStorage;
  }
}

describe('Tabs that share localStorage', { skip: noBrowser }, () => {
  let served: ServedPage;

  before(async () => {
    served = await ServedPage.open((path) => {
      if (path === '/') return { type: 'text/html', content: page };
      if (path === '/openapi-fetch.mjs') return script('node_modules/openapi-fetch/dist/index.mjs');
      return /^\/dist\/[\w/.-]+\.js$/.test(path) ? script(path.slice(1)) : undefined;
    });
  });
  after(() => served.close());

  async function openTabs(number: number): Promise<Page[]> {
    const context = await served.browser.newContext();
    const tabs = await Promise.all(Array.from({ length: number }, () => context.newPage()));
    for (const tab of tabs) {
      await tab.goto(served.origin);
      await tab.waitForFunction(() => 'latchkey' in window);
    }
    return tabs;
  }

  /** Each tab sends five requests at once. */
  function askForNames(tabs: readonly Page[]): Promise<string[][]> {
    return Promise.all(
      tabs.map((tab) =>
        tab.evaluate(() =>
          Promise.all(
            Array.from({ length: 5 }, async () => (await window.latchkey.api.GET('/me')).data.username),
          ),
        ),
      ),
    );
  }

  it('refresh once for all', async () => {
    const tabs = await openTabs(3);
    await tabs[0]!.evaluate((password) => window.latchkey.login('user-42', password), userPassword);
    await revokeAccessTokens();
    served.refreshes = 0;
    assert.deepEqual(new Set((await askForNames(tabs)).flat()), new Set(['user-42']));
    assert.equal(served.refreshes, 1);
  });

  it('see in each turn what the previous one has stored, whichever tab had it', async () => {
    const tabs = await openTabs(3);
    const turns = 200;
    /** A step is lost if it starts from a number that is not the last one. */
    const count = async (turns: number): Promise<void> => {
      for (let turn = 0; turn < turns; turn += 1) {
        await window.storage.exclusively!(async () => {
          const before = Number(localStorage.getItem('count'));
          await new Promise((resolve) => setTimeout(resolve, 1));
          localStorage.setItem('count', String(before + 1));
        });
      }
    };
    await Promise.all(tabs.map((tab) => tab.evaluate(count, turns)));
    const counts = tabs.map((tab) =>
      tab.waitForFunction((all) => localStorage.getItem('count') === all, String(3 * turns)),
    );
    await Promise.all(counts);
  });

  it('are logged in after a reload, and all logged out after a logout in one of them', async () => {
    const tabs = await openTabs(2);
    await tabs[0]!.evaluate((password) => window.latchkey.login('user-43', password), userPassword);
    await tabs[1]!.reload();
    assert.deepEqual(new Set((await askForNames(tabs)).flat()), new Set(['user-43']));
    await tabs[1]!.evaluate(() => window.latchkey.logout());
    const code = await tabs[0]!.evaluate(() =>
      window.latchkey.api.GET('/me').then(
        () => undefined,
        (error: unknown) => (error as { code: string }).code,
      ),
    );
    assert.equal(code, 'authentication_required');
  });

  it('keep their session without the Web Locks API, too', async () => {
    const tabs = await openTabs(3);
    for (const tab of tabs) {
      await tab.addInitScript(() => {
        Object.defineProperty(Navigator.prototype, 'locks', { get: () => undefined });
      });
      await tab.reload();
      await tab.waitForFunction(() => 'latchkey' in window);
    }
    await tabs[0]!.evaluate((password) => window.latchkey.login('user-44', password), userPassword);
    for (let round = 0; round < 3; round += 1) {
      await revokeAccessTokens();
      assert.deepEqual(new Set((await askForNames(tabs)).flat()), new Set(['user-44']));
    }
  });
});
