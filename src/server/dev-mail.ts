import { isIP } from 'node:net';
import type { Express, Request, RequestHandler, Response } from 'express';
import type { Config } from '../config/config.js';
import { mountAppPages } from './app-pages.js';
import type { Services } from './services.js';
import {
  createMarkup,
  getRootReference,
  pagePolicy,
  renderPage,
  setPageHeaders,
  type Markup,
} from '../http/html-page.js';
import { Problem } from '../problems/problem.js';
import { isTextLog } from './log.js';
import { isLoopbackHost } from '../http/addresses.js';

const shownMessages = 100;

export type DevMailSettings = Pick<Config, 'devMail' | 'host' | 'trustedProxies' | 'smtpUrl' | 'logFormat'>;

/** Whether the page of messages is there: on a developer's machine, and where nobody else can come to. */
export function showsDevMail(config: DevMailSettings, issuer: string): boolean {
  const { devMail, host, trustedProxies, smtpUrl } = config;
  const isWanted = devMail === 'on' || (devMail === 'auto' && smtpUrl === undefined && isTextLog(config));
  return (
    isWanted &&
    isLoopbackHost(host) &&
    isLoopbackHost(new URL(issuer).hostname) &&
    trustedProxies.length === 0
  );
}

/**
 * Mounts pages that show the outbox, for development without a mail server. The links in messages let their readers in,
 * and lead to pages of the service where there is no app.
 * @returns the paths.
 */
export function mountDevMail(app: Express, services: Services): readonly string[] {
  const { config, contract, outbox, database } = services;
  const findMessage = async (request: Request) => {
    const found = await outbox.read(database.queries, String(request.params['id']));
    if (!found?.message) throw new Problem('not_found');
    return { row: found.row, message: found.message };
  };
  app.get('/dev/mail', refuseOthers, async (request, response) => {
    const rows = await outbox.list(database.queries, { limit: shownMessages });
    const root = getRootReference(request);
    const items = rows.map(
      ({ id, address, template, state, created_at: at, sealed_variables: content }) =>
        createMarkup`<tr><td>${new Date(at).toISOString()}</td><td>${address}</td><td>${
          content === null ? template : createMarkup`<a href="${root}dev/mail/${id}">${template}</a>`
        }</td><td>${state}</td></tr>\n`,
    );
    const table =
      items.length === 0
        ? createMarkup`<p>There are no messages.</p>`
        : createMarkup`<table><thead><tr><th>time</th><th>to</th><th>message</th><th>state</th></tr></thead><tbody>${items}</tbody></table>`;
    sendPage(
      request,
      response,
      'Messages',
      createMarkup`<h1>Messages</h1>
<p class="lead">What users would get by e-mail, newest first. Only people at this machine can see this page.</p>
${table}`,
    );
  });
  app.get('/dev/mail/:id', refuseOthers, async (request, response) => {
    const { row, message } = await findMessage(request);
    const root = getRootReference(request);
    const links = [...message.text.matchAll(/^https?:\/\/\S+$/gm)].map(
      ([link]) => createMarkup`<p><a href="${link}">${link}</a></p>\n`,
    );
    sendPage(
      request,
      response,
      message.subject,
      createMarkup`<p><a href="${root}dev/mail">All messages</a></p>
<h1>${message.subject}</h1>
<p class="lead">To ${row.address}, at ${new Date(row.created_at).toISOString()}</p>
${links}<iframe src="${root}dev/mail/${row.id}/html" title="The message" sandbox="allow-popups" width="100%" height="560"></iframe>
<pre>${message.text}</pre>`,
    );
  });
  app.get('/dev/mail/:id/html', refuseOthers, async (request, response) => {
    const { message } = await findMessage(request);
    // It may be a project's: it runs nothing and loads nothing, as in a mail program.
    response.setHeader(
      'Content-Security-Policy',
      "default-src 'none'; style-src 'unsafe-inline'; sandbox allow-popups; frame-ancestors 'self'",
    );
    response.setHeader('X-Frame-Options', 'SAMEORIGIN');
    response.setHeader('Content-Type', 'text/html; charset=utf-8');
    response.end(message.html);
  });
  const pages = config.appUrl === undefined ? mountAppPages(app, contract.document, refuseOthers) : [];
  return ['/dev/mail', '/dev/mail/:id', '/dev/mail/:id/html', ...pages];
}

/**
 * Only a browser on this machine that has opened an address of it: no other machine, no proxy, no page of a site whose name
 * resolves to this machine (DNS rebinding), and no script of an origin that may read responses (Fetch §3.2: it sends `Origin`,
 * which opening a page does not).
 */
const refuseOthers: RequestHandler = (request, _response, next) => {
  const { headers, socket } = request;
  const isForwarded = Object.keys(headers).some((name) =>
    /^(?:forwarded|via|x-forwarded-.*|x-real-ip)$/.test(name),
  );
  const name = URL.canParse(`http://${headers.host ?? ''}`)
    ? new URL(`http://${headers.host ?? ''}`).hostname
    : '';
  const isScript = headers.origin !== undefined;
  if (isForwarded || isScript || !isLoopbackHost(name) || !isLoopbackAddress(socket.remoteAddress ?? ''))
    throw new Problem('not_found');
  next();
};

function isLoopbackAddress(address: string): boolean {
  const plain = address.replace(/^::ffff:/, '');
  return plain === '::1' || (isIP(plain) === 4 && plain.startsWith('127.'));
}

function sendPage(request: Request, response: Response, title: string, content: Markup): void {
  setPageHeaders(response);
  response.setHeader('Content-Security-Policy', `${pagePolicy}; frame-src 'self'`);
  response.setHeader('Referrer-Policy', 'no-referrer');
  response.end(renderPage({ title, root: getRootReference(request), content }));
}
