import { expect } from 'chai';
import { withDocs, type DocsPage } from '../support/docs-page.js';
import { adminPassword } from '../support/test-app.js';

/** Each test continues from the one before, with the keyboard alone. */
describe('Swagger UI by the keyboard alone', () => {
  let page: DocsPage;

  withDocs((opened) => {
    ({ page } = opened);
  });

  const press = (key: string) => page.tab.keyboard.press(key);

  /** Goes to an element, and looks at each on the way: the focus can be seen, and nothing covers it. */
  async function goTo(selector: string, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
    for (let presses = 0; presses < 200; presses++) {
      await press(key);
      const { isThere, fault } = await page.tab.evaluate<{ isThere: boolean; fault: string }>(look(selector));
      expect(fault).to.equal('');
      if (isThere) return;
    }
    throw new Error(`The focus does not come to ${selector}.`);
  }

  it('opens the Authorize dialog, and returns the focus to the button when it is closed', async () => {
    await goTo('.auth-wrapper .btn.authorize');
    await press('Enter');
    await page.tab.getByRole('dialog').waitFor();
    await goTo('.auth-container input');
    await press('Escape');
    await page.tab.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await page.tab.evaluate('document.activeElement.className')).to.include('authorize');
  });

  it('logs in', async () => {
    await goTo('#operations-Sessions-login .opblock-summary-control');
    await press('Enter');
    await page.block('login').locator('.btn.execute').waitFor();
    await goTo('#operations-Sessions-login textarea');
    await press('Control+A');
    await page.tab.keyboard.insertText(JSON.stringify({ username: 'admin', password: adminPassword }));
    await goTo('#operations-Sessions-login .btn.execute');
    expect((await page.waitForResponse('login', () => press('Enter'))).status()).to.equal(200);
    await page.waitForBadge('Logged in as admin');
  });

  it('opens the list of permissions', async () => {
    await press('Control+Home');
    await goTo('#session-permissions-summary', 'Shift+Tab');
    await press('Enter');
    await page.tab.locator('#session-permissions-list').waitFor();
    await press('Enter');
  });

  it('calls a protected operation', async () => {
    await goTo('#operations-Protected-getProtected .opblock-summary-control');
    await press('Enter');
    await page.block('getProtected').locator('.btn.execute').waitFor();
    await goTo('#operations-Protected-getProtected .btn.execute');
    expect((await page.waitForResponse('getProtected', () => press('Enter'))).status()).to.equal(200);
  });

  it('logs out', async () => {
    await goTo('#operations-Sessions-logout .opblock-summary-control', 'Shift+Tab');
    await press('Enter');
    await page.block('logout').locator('.btn.execute').waitFor();
    await goTo('#operations-Sessions-logout .btn.execute');
    expect((await page.waitForResponse('logout', () => press('Enter'))).status()).to.equal(204);
    await page.waitForBadge('Logged out.');
  });
});

/** Runs in the page. */
function look(selector: string): string {
  return `(() => {
    const focused = document.activeElement;
    if (focused === document.body) return { isThere: false, fault: '' };
    // The browser has scrolled to it; what was rendered above it since then may have moved it out of the window.
    focused.scrollIntoView({ block: 'nearest', behavior: 'instant' });
    const { left, top, width, height } = focused.getBoundingClientRect();
    const above = document.elementFromPoint(left + Math.min(width / 2, 40), top + Math.min(height / 2, 10));
    const { outlineStyle, outlineWidth } = getComputedStyle(focused);
    const name = focused.outerHTML.slice(0, 100);
    const fault = !above || !(focused.contains(above) || above.contains(focused))
      ? 'something covers ' + name + ': ' + (above ? above.outerHTML.slice(0, 200) : 'nothing') + ' ' + JSON.stringify(focused.getBoundingClientRect())
      : outlineStyle === 'none' || outlineWidth === '0px' ? 'no focus is to be seen on ' + name : '';
    return { isThere: focused.matches(${JSON.stringify(selector)}), fault };
  })()`;
}
