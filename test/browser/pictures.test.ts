import { expect } from 'chai';
import { click } from '../support/browser-tab.js';
import { withDocs, type DocsPage } from '../support/docs-page.js';

/** `npm run test:browser && cp artifacts/readme/*.png docs/images/` updates the README's pictures. */
describe('the pictures of the README', () => {
  let page: DocsPage;

  withDocs(async (opened) => {
    ({ page } = opened);
    await page.tab.setViewportSize({ width: 1200, height: 720 });
    await page.logIn();
    await page.close('login');
  });

  async function take(name: string): Promise<void> {
    await page.tab.mouse.move(0, 0);
    const picture = await page.screenshot(`readme/${name}`);
    expect(picture.readUInt32BE(16), 'its width').to.equal(1200); // PNG's IHDR
    expect(picture.length, 'its bytes').to.be.below(150_000);
    page.expectNoComplaints();
  }

  it('show who is logged in, with which permissions', async () => {
    await click(page.tab.locator('#session-permissions-summary'));
    await page.tab.evaluate('scrollTo(0, 0)');
    await take('swagger-ui');
    await click(page.tab.locator('#session-permissions-summary'));
  });

  it('show a protected operation that was tried out', async () => {
    await page.run('getProtected');
    await page.tab.evaluate(
      `scrollBy(0, document.querySelector('[id$="-getProtected"] .btn.execute').getBoundingClientRect().top - 80)`,
    );
    await take('swagger-ui-protected');
  });
});
