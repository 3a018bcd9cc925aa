import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { adminPassword, type ApiClient } from '../../support/api-client.js';
import { checkout } from '../../support/checkout.js';
import { endProcesses, Installation } from '../../support/service-process.js';
import { readBlocks } from '../../support/shown-commands.js';
import { encode, readJwt } from '../../support/tokens.js';
import type { RunningServer } from './running-server.js';
import { resourceServers } from './servers.js';

// Each program as it is shown, but for the address of the service, as an API of its own. `RESOURCE_SERVERS=Hono,Quarkus`
// tries these alone.

const page = readFileSync(join(checkout, 'docs/resource-servers.md'), 'utf8');
const shownIssuer = 'https://login.example.com';
const password = 'the password of ada';

type Members = Readonly<Record<string, unknown>>;

/** A service of its own, whose key the test has, too: it can sign what the service never would. */
class Issuer {
  readonly #key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  #api: ApiClient | undefined;

  async start(type: string): Promise<void> {
    const installation = await Installation.make({
      LATCHKEY_ADMIN_PASSWORD: adminPassword,
      JWT_PRIVATE_KEY: this.#key.export({ type: 'pkcs8', format: 'pem' }) as string,
      JWT_ACCESS_TOKEN_TYPE: type,
    });
    ({ api: this.#api } = await installation.start());
    const { access_token: admin } = await this.api.login();
    await this.api.put('/roles/analyst', { permissions: ['reports:read'] }, admin).expect(201);
    await this.api.createUser('ada', password, ['analyst']);
    await this.api.put('/roles/clerk', { permissions: ['reports:list'] }, admin).expect(201);
    await this.api.createUser('bea', password, ['clerk']);
  }

  get api(): ApiClient {
    if (!this.#api) throw new Error('The service has not been started.');
    return this.#api;
  }

  async logIn(username: 'ada' | 'bea'): Promise<string> {
    return (await this.api.login(username, password)).access_token;
  }

  /** The token with other members, signed by the service's key or another one. */
  alter(token: string, more: { header?: Members; claims?: Members }, key: KeyObject = this.#key): string {
    const { header, claims } = readJwt(token);
    const content = encode({ header: { ...header, ...more.header }, claims: { ...claims, ...more.claims } });
    const signature = sign('sha256', Buffer.from(content), { key, dsaEncoding: 'ieee-p1363' });
    return `${content}.${signature.toString('base64url')}`;
  }
}

const wanted = process.env['RESOURCE_SERVERS']?.split(',');

for (const type of ['at+jwt', 'JWT'] as const) {
  describe(`What docs/resource-servers.md shows, with JWT_ACCESS_TOKEN_TYPE=${type}`, () => {
    const issuer = new Issuer();
    before(() => issuer.start(type));
    after(endProcesses);

    for (const { name, heading, takes, checksType, prepare, start } of resourceServers) {
      if (!takes.includes(type) || (wanted && !wanted.includes(name))) continue;
      it(`${name}: accepts tokens with the permission, and no others`, async function () {
        this.timeout(600_000);
        const missing = prepare();
        if (missing !== undefined) {
          console.warn(`${name} is not tried: there is no ${missing}.`);
          this.skip();
        }
        const blocks = readBlocks(page, heading).map((block) => ({
          ...block,
          text: block.text.replaceAll(shownIssuer, issuer.api.url),
        }));
        const server = await start(blocks);
        try {
          await expectItChecks(server, checksType);
        } catch (error) {
          (error as Error).message += `\n${server.output()}`;
          throw error;
        } finally {
          await server.stop();
        }
      });
    }

    async function expectItChecks(server: RunningServer, checksType: boolean): Promise<void> {
      const ask = async (token?: string): Promise<{ status: number; text: string }> => {
        const headers: Record<string, string> = { Connection: 'close' };
        if (token !== undefined) headers['Authorization'] = `Bearer ${token}`;
        const response = await fetch(`${server.url}/reports`, { headers, redirect: 'manual' });
        return { status: response.status, text: await response.text() };
      };
      const good = await issuer.logIn('ada');
      const { header, claims } = readJwt(good);
      const seconds = Math.floor(Date.now() / 1000);

      const accepted = await ask(good);
      expect(accepted, 'a good token').to.include({ status: 200 });
      expect(accepted.text).to.include(server.shows === 'name' ? 'ada' : String(claims['sub']));
      expect((await ask(issuer.alter(good, {}))).status, 'a good token that was signed again').to.equal(200);

      // It is good but for its permissions.
      expect((await ask(await issuer.logIn('bea'))).status, 'no permission').to.equal(server.forbidden);

      const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
      const [head = '', body = '', signature = ''] = good.split('.');
      const none = encode({ header: { ...header, alg: 'none' }, claims });
      const bad: Readonly<Record<string, string | undefined>> = {
        'no token': undefined,
        'what is no token': 'x',
        'another signature': `${head}.${body}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`,
        'other claims': `${head}.${encode({ header, claims: { ...claims, scope: 'reports:read x' } }).split('.')[1]}.${signature}`,
        'the algorithm none': `${none}.`,
        'another key': issuer.alter(good, {}, stranger),
        'another key of its own id': issuer.alter(good, { header: { kid: 'stranger' } }, stranger),
        'an end that has come': issuer.alter(good, { claims: { exp: seconds - 120, nbf: seconds - 900 } }),
        'another issuer': issuer.alter(good, { claims: { iss: 'https://elsewhere.example' } }),
        'another audience': issuer.alter(good, { claims: { aud: 'https://elsewhere.example' } }),
      };
      for (const [what, token] of Object.entries(bad)) {
        const { status } = await ask(token);
        expect(status, what).to.be.oneOf([401, 403]);
      }
      const otherType = issuer.alter(good, { header: { typ: 'logout+jwt' } });
      expect((await ask(otherType)).status, 'another type').to.equal(checksType ? 401 : 200);
      expect((await ask(good)).status, 'a good token after all that').to.equal(200);
    }
  });
}
