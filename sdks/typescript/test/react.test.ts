import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Page } from 'playwright-core';
import { noBrowser, ServedPage } from './served-page.js';
import { userPassword, revokeAccessTokens } from './service.js';

const path = (name: string): string => fileURLToPath(new URL(`../../${name}`, import.meta.url));

describe('The React example', { skip: noBrowser }, () => {
  let served: ServedPage;

  before(async () => {
    const { outputFiles } = await build({
      entryPoints: [path('../../examples/react/app.js')],
      bundle: true,
      format: 'esm',
      write: false,
      nodePaths: [path('node_modules')],
      alias: { '@latchkey/client': path('dist/src/index.js') },
      define: { 'process.env.NODE_ENV': '"production"' },
    });
    const script = outputFiles[0]!.contents;
    const page = '<!doctype html><div id="app"></div><script type="module" src="/app.js"></script>';
    served = await ServedPage.open((address) => {
      if (address === '/') return { type: 'text/html', content: page };
      return address === '/app.js' ? { type: 'text/javascript', content: script } : undefined;
    });
  });
  after(() => served.close());

  async function logIn(tab: Page, password: string): Promise<void> {
    await tab.getByLabel('Username').fill('user-45');
    await tab.getByLabel('Password').fill(password);
    await tab.getByRole('button', { name: 'Log in' }).click();
  }

  it('logs in and out in two tabs at once, and refreshes in the background', async () => {
    const context = await served.browser.newContext();
    const tabs = [await context.newPage(), await context.newPage()] as const;
    for (const tab of tabs) await tab.goto(served.origin);
    await logIn(tabs[0], 'wrong');
    await tabs[0].getByRole('alert').filter({ hasText: 'Bad username or password' }).waitFor();
    await logIn(tabs[0], userPassword);
    for (const tab of tabs) await tab.getByText('Hello, user-45.').waitFor();

    await revokeAccessTokens();
    served.refreshes = 0;
    for (const tab of tabs) await tab.reload();
    for (const tab of tabs) await tab.getByText('Hello, user-45.').waitFor();
    assert.equal(served.refreshes, 1);

    await tabs[1].getByRole('button', { name: 'Log out' }).click();
    for (const tab of tabs) await tab.getByRole('button', { name: 'Log in' }).waitFor();
    await context.close();
  });
});
