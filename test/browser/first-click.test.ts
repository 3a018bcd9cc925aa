import { expect } from 'chai';
import type { Response as BrowserResponse } from 'playwright-core';
import type { Response } from 'supertest';
import { listOperations } from '../../src/contract/read-contract.js';
import { click } from '../support/browser-tab.js';
import { readContract } from '../support/repository-contract.js';
import { checkAgainstContract } from '../support/contract.js';
import { withDocs, type DocsPage } from '../support/docs-page.js';
import { createClient } from '../support/oauth-clients.js';
import type { TestApp } from '../support/test-app.js';

/** What an administrator gets who runs each operation as it is filled in, in the contract's order; elsewhere it is 200. */
const otherStatuses: Readonly<Record<string, number>> = {
  login: 401, // the password is anyone's guess
  endOtherSessions: 204,
  endSession: 404,
  loginWithCookies: 404, // they are off
  refreshWithCookies: 404,
  loginWithPasskey: 404, // at an address that browsers have none for
  loginWithPasskeyAndCookies: 404,
  createPasskeyLoginOptions: 404,
  requestLoginLink: 404, // there are none
  acceptLoginLink: 404,
  acceptLoginLinkWithCookies: 404,
  loginWithSecondFactor: 401,
  loginWithSecondFactorAndCookies: 404,
  sendUserVerification: 404,
  sendVerification: 409, // the administrator has no address
  verifyEmail: 403, // registration is off
  deleteMe: 401, // the token is of a refresh, as the page gets one
  forgetDevice: 404,
  addPasskey: 401,
  createPasskeyOptions: 401,
  renamePasskey: 404,
  removePasskey: 401,
  replaceRecoveryCodes: 401,
  beginTotp: 401,
  removeTotp: 401,
  confirmTotp: 404,
  forgotPassword: 204,
  register: 403, // registration is off
  resetPassword: 400,
  secureAccount: 400,
  undoEmailChange: 400,
  changeEmail: 401, // the token is of a refresh, as the page gets one
  createInvitation: 201,
  acceptInvitation: 404,
  deleteInvitation: 404,
  listUserPasskeys: 404,
  removeUserPasskey: 404,
  listUserSecondFactors: 404,
  removeUserTotp: 404,
  changePassword: 403,
  changePasswordWithCookies: 404,
  createUser: 201,
  getUser: 404,
  updateUser: 404,
  deleteUser: 404,
  listUserSessions: 404,
  endUserSessions: 404,
  endUserSession: 404,
  putRole: 201,
  deleteRole: 204,
  createClient: 201,
  getClient: 404,
  updateClient: 404,
  deleteClient: 404,
  replaceClientSecret: 404,
  checkForwardedRequest: 403, // the permission that it shows is one that nobody has
  exchangeGrant: 401, // no client is authorized
  introspectToken: 401,
  revokeToken: 401,
  logout: 204,
};

/** Their responses have no end. */
const streams = new Set(['followAudit', 'followRevocations']);

describe('the first click in Swagger UI', () => {
  let app: TestApp;
  let page: DocsPage;

  withDocs(async (opened) => {
    ({ app, page } = opened);
    await page.logIn();
    await page.reload(); // nothing is filled in any more but what is at first
  });

  const operations = listOperations(readContract().document) as unknown as { readonly operationId: string }[];
  const ids = operations.map(({ operationId }) => operationId).filter((id) => id !== 'logout');
  for (const operationId of [...ids, 'logout']) {
    const status = otherStatuses[operationId] ?? 200;
    it(`on ${operationId} gets ${status}, as the contract says`, async () => {
      const response = await page.run(operationId);
      expect(response.status()).to.equal(status);
      const { pathname } = new URL(response.url());
      // Of a stream, whose response has no end, there is what the page shows of it.
      const shown = page
        .block(operationId)
        .locator('.live-responses-table .response-col_description pre')
        .first();
      const text = await (streams.has(operationId) ? shown.innerText() : bodyOf(response));
      checkAgainstContract(response.request().method(), pathname, asChecked(response, text));
      if (status >= 400) page.expectRefusals(status);
      await page.close(operationId);
    });
  }

  it('gives an authorized client a token, and tells it of one', async () => {
    const client = await createClient(app, { scope: 'reports:read' });
    await page.tab.reload();
    await page.waitUntilLoaded();
    await click(page.authorizeButton('unlocked'));
    const dialog = page.tab.getByRole('dialog');
    await dialog.getByLabel('Client id').fill(client.client_id);
    await dialog.getByLabel('Client secret').fill(client.client_secret ?? '');
    await click(dialog.getByRole('button', { name: 'Use this client' }));
    for (const operationId of ['exchangeGrant', 'introspectToken', 'revokeToken'])
      expect((await page.run(operationId)).status()).to.equal(200);
    expect(await page.readBadge()).to.equal('Not logged in: run POST /login');
  });
});

function bodyOf(response: BrowserResponse): Promise<string> {
  return response.status() === 204 ? Promise.resolve('') : response.text();
}

/** As much of it as is compared with the contract. */
function asChecked(response: BrowserResponse, text: string): Response {
  const headers = response.headers();
  const get = (name: string): string | undefined => headers[name.toLowerCase()];
  return { status: response.status(), headers, text, get } as unknown as Response;
}
