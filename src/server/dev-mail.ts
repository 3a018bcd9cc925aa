import { randomBytes, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import { parseCookie } from 'cookie';
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
/** New at each start: only people who see what it prints have it, whatever passes their requests on. */
const key = randomBytes(32).toString('base64url');
const cookieName = 'latchkey_dev_mail';

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
 * The link that opens the page, to be printed where its readers are.
 * @param address of the service, such as `http://127.0.0.1:3000`.
 */
export function createDevMailLink(address: string, config: DevMailSettings): string {
  return needsKey(config) ? `${address}/dev/mail?key=${key}` : `${address}/dev/mail`;
}

/** An operator who sets `on` says that nothing else reaches this port; docs/email.md. */
function needsKey({ devMail }: DevMailSettings): boolean {
  return devMail !== 'on';
}

/**
 * Mounts pages that show the outbox, for development without a mail server. The links in messages let their readers in,
 * and lead to pages of the service where there is no app.
 * @returns the paths.
 */
export function mountDevMail(app: Express, services: Services): readonly string[] {
  const { config, contract, outbox, database } = services;
  const refuse = needsKey(config) ? [refuseOthers, requireKey] : [refuseOthers];
  const findMessage = async (request: Request) => {
    const found = await outbox.read(database.queries, String(request.params['id']));
    if (!found?.message) throw new Problem('not_found');
    return { row: found.row, message: found.message };
  };
  app.get('/dev/mail', ...refuse, async (request, response) => {
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
<p class="lead">What users would get by e-mail, newest first. ${needsKey(config) ? 'Only people who have the link of this start' : 'Only people at this machine'} can see this page.</p>
${table}`,
    );
  });
  app.get('/dev/mail/:id', ...refuse, async (request, response) => {
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
  app.get('/dev/mail/:id/html', ...refuse, async (request, response) => {
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
  // Without the key: a link may be opened from elsewhere, and the page has nothing but what is in it.
  const pages = config.appUrl === undefined ? mountAppPages(app, contract.document, refuseOthers) : [];
  return ['/dev/mail', '/dev/mail/:id', '/dev/mail/:id/html', ...pages];
}

/**
 * Only a browser on this machine that has opened an address of it: no other machine, no proxy that says so, no page of a site
 * whose name resolves to this machine (DNS rebinding), and no script of an origin that may read responses (Fetch §3.2: it sends
 * `Origin`, which opening a page does not). nginx as it comes says nothing; before 1.29.7 it speaks HTTP/1.0, as no browser does.
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
  const isOld = request.httpVersionMinor === 0;
  if (
    isForwarded ||
    isScript ||
    isOld ||
    !isLoopbackHost(name) ||
    !isLoopbackAddress(socket.remoteAddress ?? '')
  )
    throw new Problem('not_found');
  next();
};

/** The cookie is for the links within. Strict: no page of another site has it sent. */
const requireKey: RequestHandler = (request, response, next) => {
  if (isKey(request.query['key'])) {
    response.cookie(cookieName, key, { httpOnly: true, sameSite: 'strict', path: '/dev/mail' });
  } else if (!isKey(parseCookie(request.headers.cookie ?? '')[cookieName])) {
    throw new Problem('not_found', {
      detail: 'This page opens by the link that the service has printed at its start, or is not there.',
    });
  }
  next();
};

function isKey(given: unknown): boolean {
  const [one, other] = [Buffer.from(typeof given === 'string' ? given : ''), Buffer.from(key)];
  return one.length === other.length && timingSafeEqual(one, other);
}

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
