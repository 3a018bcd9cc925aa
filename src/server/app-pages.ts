import type { Express, RequestHandler } from 'express';
import { findOperation } from '../contract/read-contract.js';
import type { OpenApiDocument } from '../contract/contract.models.js';
import { appPages, type AppPage } from '../email/app-links.js';
import { createMarkup, getRootReference, renderPage, setPageHeaders } from '../http/html-page.js';

interface PageOfApp {
  readonly title: string;
  /** The operation that the app's page would call. */
  readonly path: string;
  readonly hint: string;
}

const secured =
  'It ends all sessions, makes the password useless, and removes a second factor that the message said was added. The reset_token of its response goes to POST /password/reset.';

const pages: Readonly<Record<AppPage, PageOfApp>> = {
  'verify-email': {
    title: 'Verify an address',
    path: '/email/verify',
    hint: 'After POST /register, add the registration_token of its response, or a password. For the address of an account, log in to it first.',
  },
  'reset-password': {
    title: 'Choose a new password',
    path: '/password/reset',
    hint: 'Then log in with the new password.',
  },
  'forgot-password': {
    title: 'A lost password',
    path: '/password/forgot',
    hint: 'A message with a link follows, and is at /dev/mail.',
  },
  login: {
    title: 'Log in by a link',
    path: '/login/link/accept',
    hint: 'The request_token is that of the response of POST /login/link: the link works only in the browser that asked for it.',
  },
  invitation: {
    title: 'Accept an invitation',
    path: '/invitations/accept',
    hint: 'It makes the account. Then log in.',
  },
  'not-me': { title: 'This was not me', path: '/account/secure', hint: secured },
  'undo-email': { title: 'Keep the former address', path: '/email/undo', hint: secured },
};

/**
 * Mounts what an app would have at the addresses that links in messages lead to, for development without an app: each page
 * says which operation takes the token, and does nothing itself.
 * @param refuseOthers refuses requests from elsewhere than this machine.
 * @returns the paths.
 */
export function mountAppPages(
  app: Express,
  document: OpenApiDocument,
  refuseOthers: RequestHandler,
): readonly string[] {
  for (const name of appPages) {
    const { title, path, hint } = pages[name];
    const operation = findOperation(document, { path, method: 'post' });
    if (!operation) throw new Error(`There is no operation POST ${path}.`);
    const inSwaggerUi = `docs/#/${encodeURIComponent(operation.tag)}/${operation.id}`;
    app.get(`/${name}`, refuseOthers, (request, response) => {
      const { token } = request.query;
      const root = getRootReference(request);
      const body = { ...(operation.jsonExample as object | undefined), token };
      const content = createMarkup`<p><a href="${root}dev/mail">All messages</a></p>
<h1>${title}</h1>
<p class="lead">A page of your app would be here: LATCHKEY_APP_URL is not set. It would send this to <a href="${root}${inSwaggerUi}">POST ${path}</a>:</p>
<pre>${JSON.stringify(body, undefined, 2)}</pre>
<p>${hint}</p>`;
      setPageHeaders(response);
      response.setHeader('Referrer-Policy', 'no-referrer');
      response.end(renderPage({ title, root, content }));
    });
  }
  return appPages.map((name) => `/${name}`);
}
