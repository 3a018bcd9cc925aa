import { expect } from 'chai';
import request from 'supertest';
import { listOperations } from '../../src/contract/read-contract.js';
import { appPages } from '../../src/email/app-links.js';
import { exampleVariables } from '../../src/email/messages/message.js';
import { pagePolicy } from '../../src/http/html-page.js';
import { readConfig } from '../../src/config/config.js';
import { createDevMailLink, showsDevMail } from '../../src/server/dev-mail.js';
import { printStartMessage } from '../../src/server/start-message.js';
import { RawConnection } from '../support/raw-connection.js';
import { TestApp } from '../support/test-app.js';

const on = { LATCHKEY_DEV_MAIL: 'on' };
const own = 'http://127.0.0.1:3000';

describe('The page of messages', () => {
  let app: TestApp;
  let id: string;
  before(async () => {
    app = await TestApp.start({ settings: { ...on, LATCHKEY_ISSUER: own } });
    const { outbox, database } = app.services;
    await outbox.enqueue(database.queries, {
      template: 'password_reset',
      to: { address: 'ada@example.com' },
      variables: { link: 'https://app.example/reset?token=<x>', minutes: 30 },
    });
    id = (await outbox.list(database.queries, { limit: 1 }))[0]?.id ?? '';
  });
  after(() => app.close());

  // Not of the contract.
  const get = (path: string) => request(app.url).get(path);

  it('lists messages, and shows each with its link, as text, and in a frame that can do nothing', async () => {
    const list = await get('/dev/mail').expect(200);
    expect(list.text).to.include('ada@example.com').and.to.include(`dev/mail/${id}"`);
    const shown = await get(`/dev/mail/${id}`).expect(200);
    expect(shown.text).to.include('<a href="https://app.example/reset?token=&lt;x&gt;">');
    expect(shown.text).to.match(/<iframe src="[^"]*\/html"[^>]* sandbox="allow-popups"/);
    expect(shown.headers['content-security-policy'])
      .to.include("default-src 'none'")
      .and.to.include("frame-src 'self'");
    const html = await get(`/dev/mail/${id}/html`).expect(200);
    expect(html.headers['content-security-policy'])
      .to.include('sandbox')
      .and.to.include("default-src 'none'");
    expect(html.text).to.match(/^<!doctype html>/);
    await get('/dev/mail/0199f3c2-6d1e-7a44-8c5b-2f1d9e7a6b10').expect(404);
    await request(app.url).post('/dev/mail').expect(405);
  });

  it('has, where there is no app, a page for each link, which names the operation for its token', async () => {
    const links = Object.values(exampleVariables).flatMap((variables) =>
      'link' in variables ? [new URL(variables.link)] : [],
    );
    expect(new Set(links.map(({ pathname }) => pathname))).to.deep.equal(
      new Set(appPages.map((page) => `/${page}`)),
    );
    for (const { pathname, search, searchParams } of links) {
      const page = await get(`${pathname}${search}`).expect(200);
      const [, id] = /href="\.\/docs\/#\/[^"/]+\/([^"]+)"/.exec(page.text) ?? [];
      const operations = listOperations(app.services.contract.document);
      expect(operations.find(({ operationId }) => operationId === id)?.requestBody, pathname).to.be.an(
        'object',
      );
      expect(page.text).to.include(searchParams.get('token') ?? 'email');
      expect(page.headers).to.include({
        'referrer-policy': 'no-referrer',
        'content-security-policy': pagePolicy,
      });
      await get(`${pathname}${search}`).set('Via', '1.1 proxy').expect(404);
    }
    const hostile = await get(`/login?token=${encodeURIComponent('"><script>')}&token=2`).expect(200);
    expect(hostile.text).not.to.include('<script>');
  });

  it('leaves the pages to the app where there is one', async () => {
    const settings = { ...on, LATCHKEY_ISSUER: own, LATCHKEY_APP_URL: 'https://app.example.com' };
    const withApp = await TestApp.start({ settings });
    await request(withApp.url).get('/dev/mail').expect(200);
    for (const page of appPages) {
      const { status } = await request(withApp.url).get(`/${page}?token=x`);
      expect(status, page).to.be.oneOf([404, 405]);
    }
    await withApp.close();
  });

  for (const [what, headers] of [
    ['through a proxy', { 'X-Forwarded-For': '203.0.113.7' }],
    ['through another proxy', { Via: '1.1 proxy' }],
    ['for a script of a site that may read responses', { Origin: 'https://app.example' }],
    ['under a name that resolves to this machine', { Host: 'attacker.example' }],
  ] as const) {
    it(`is not there ${what}`, async () => {
      for (const path of ['/dev/mail', `/dev/mail/${id}`, `/dev/mail/${id}/html`, '/reset-password?token=x'])
        await get(path).set(headers).expect(404);
    });
  }

  it('is not there for HTTP/1.0, which nginx speaks as it comes, and no browser', async () => {
    const lines = ['GET /dev/mail HTTP/1.0', `Host: ${new URL(app.url).host}`, 'Connection: close', '', ''];
    const [response] = await RawConnection.exchange(app.url, lines.join('\r\n'));
    expect(response).to.include({ status: 404 });
  });

  it('opens on a terminal by the link of its start alone, and then by a cookie for no other site', async () => {
    const onTerminal = await TestApp.start({ settings: { LOG_FORMAT: 'text', LATCHKEY_ISSUER: own } });
    const { outbox, database, config, issuer } = onTerminal.services;
    await outbox.enqueue(database.queries, {
      template: 'password_reset',
      to: { address: 'ada@example.com' },
      variables: { link: `${own}/reset-password?token=x`, minutes: 30 },
    });
    const [message] = await outbox.list(database.queries, { limit: 1 });
    const paths = ['/dev/mail', `/dev/mail/${message?.id ?? ''}`, `/dev/mail/${message?.id ?? ''}/html`];
    const ask = (path: string, cookie = '') => request(onTerminal.url).get(path).set('Cookie', cookie);
    for (const path of paths) {
      await ask(path).expect(404);
      await ask(`${path}?key=`).expect(404);
      await ask(`${path}?key=${'A'.repeat(43)}`, `latchkey_dev_mail=${'A'.repeat(43)}`).expect(404);
    }
    const printed: string[] = [];
    printStartMessage(
      { address: onTerminal.url, issuer, administrator: undefined, passwordFile: '', settings: [] },
      config,
      (text) => printed.push(text),
    );
    const link = createDevMailLink(onTerminal.url, config);
    expect(printed).to.include(`Messages are not sent, and are at ${link}`);
    const list = await ask(link.slice(onTerminal.url.length)).expect(200);
    expect(list.text).not.to.include(new URL(link).searchParams.get('key'));
    const [set = ''] = list.get('Set-Cookie') ?? [];
    expect(set).to.match(/^latchkey_dev_mail=[\w-]{43}; Path=\/dev\/mail; HttpOnly; SameSite=Strict$/);
    const [cookie] = set.split(';');
    for (const path of paths) await ask(path, cookie).expect(200);
    await ask(paths[0] ?? '', cookie)
      .set('X-Forwarded-For', '203.0.113.7')
      .expect(404);
    // What its link leads to, which may be opened elsewhere, too.
    await ask('/reset-password?token=x').expect(200);
    await onTerminal.close();
  });

  const shows = (settings: Readonly<Record<string, string>>, issuer = own): boolean =>
    showsDevMail(readConfig(settings), issuer);

  it('is there by default only for people at a terminal who have no mail server', () => {
    expect(shows({ LOG_FORMAT: 'text' })).to.equal(true);
    expect(shows({ LOG_FORMAT: 'json' })).to.equal(false);
    const smtp = {
      LATCHKEY_SMTP_URL: 'smtp://localhost',
      LATCHKEY_MAIL_FROM: 'a@example.com',
      LATCHKEY_APP_URL: 'https://app.example.com',
    };
    expect(shows({ LOG_FORMAT: 'text', ...smtp })).to.equal(false);
    expect(shows({ ...on, ...smtp })).to.equal(true);
    expect(shows({ LOG_FORMAT: 'text', LATCHKEY_DEV_MAIL: 'off' })).to.equal(false);
  });

  it('is never there where others can reach it', async () => {
    expect(shows(on)).to.equal(true);
    expect(shows({ ...on, HOST: '0.0.0.0' })).to.equal(false);
    expect(shows({ ...on, HOST: '192.0.2.1' })).to.equal(false);
    expect(shows({ ...on, LATCHKEY_TRUSTED_PROXIES: 'loopback' })).to.equal(false);
    expect(shows(on, 'https://login.example.com')).to.equal(false);
    const elsewhere = await TestApp.start({ settings: on });
    await request(elsewhere.url).get('/dev/mail').expect(404);
    await elsewhere.close();
  });
});
