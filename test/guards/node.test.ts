import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { guard, type Guard } from '../../src/guard/guard.js';
import { temporaryFolder } from '../support/folders.js';
import { until } from '../support/until.js';
import { installPackages, runNpm } from '../support/npm.js';
import { createGuardClient, issuer } from '../support/oauth-clients.js';
import { checkout } from '../support/checkout.js';
import { TestApp } from '../support/test-app.js';

interface Servers {
  readonly servers: Readonly<
    Record<string, (latchkey: Guard) => Promise<{ readonly url: string; close(): Promise<void> }>>
  >;
}

const majors = join(checkout, 'guards/node-majors');

describe('The guard in every major version of the frameworks', () => {
  let app: TestApp;
  let latchkey: Guard;
  let servers: Servers['servers'];
  before(async () => {
    installPackages(majors);
    ({ servers } = (await import(pathToFileURL(join(majors, 'servers.ts')).href)) as Servers);
    app = await TestApp.start();
    const client = await createGuardClient(app, issuer);
    const now = (): number => app.clock.now();
    latchkey = guard({
      issuer,
      audience: issuer,
      url: app.url,
      client,
      clock: { now, monotonic: () => 0 },
      warn: () => undefined, // no heartbeat comes in this process
    });
    await latchkey.start();
  });
  after(async () => {
    await latchkey.close();
    await app.close();
  });

  it('fits their types', () => {
    const tsc = join(checkout, 'node_modules/typescript/bin/tsc');
    const { status, stdout } = spawnSync(process.execPath, [tsc, '--project', majors], { encoding: 'utf8' });
    expect(stdout).to.equal('');
    expect(status).to.equal(0);
  });

  for (const name of ['Express 4', 'Express 5', 'Fastify 4', 'Fastify 5', 'node:http']) {
    it(`accepts and refuses requests in ${name}`, async () => {
      const server = await servers[name]?.(latchkey);
      if (!server) throw new Error(`There is no server with ${name}.`);
      try {
        const ask = (path: string, token?: string): Promise<Response> =>
          fetch(
            server.url + path,
            token === undefined ? {} : { headers: { Authorization: `Bearer ${token}` } },
          );
        const { access_token: token } = await app.login();
        const { body: me } = await app.get('/me', token).expect(200);

        const good = await ask('/any', token);
        expect(await good.json()).to.deep.equal({ subject: me.id });
        const none = await ask('/any');
        expect(none.status).to.equal(401);
        expect(none.headers.get('www-authenticate')).to.equal('Bearer realm="latchkey"');
        expect(none.headers.get('content-type')).to.equal('application/problem+json; charset=utf-8');
        expect(await none.json()).to.include({ code: 'authentication_required', status: 401 });
        const findMissingToolchain = await ask('/reports', token);
        expect(findMissingToolchain.status).to.equal(403);
        expect(await findMissingToolchain.json()).to.include({ code: 'insufficient_scope' });

        await app.post('/logout', {}, token).expect(204);
        await until(async () => (await ask('/any', token)).status === 401);
      } finally {
        await server.close();
      }
    });
  }
});

describe('The package', () => {
  const folder = temporaryFolder();

  it('has a guard that depends on jose alone', () => {
    const place = folder.path('.');
    const packed = JSON.parse(
      runNpm(checkout, 'pack', '--json', '--ignore-scripts', '--pack-destination', place),
    ) as readonly { readonly filename: string }[] | Readonly<Record<string, { readonly filename: string }>>;
    const [file] = Object.values(packed);
    expect(spawnSync('tar', ['-xzf', file?.filename ?? '', '-C', '.'], { cwd: place }).status).to.equal(0);
    const modules = join(place, 'node_modules');
    mkdirSync(modules);
    cpSync(join(place, 'package'), join(modules, 'latchkey'), { recursive: true });
    cpSync(join(checkout, 'node_modules/jose'), join(modules, 'jose'), {
      recursive: true,
      dereference: true,
    });
    writeFileSync(
      join(place, 'api.mjs'),
      `import { guard } from 'latchkey/guard';
       const latchkey = guard({ issuer: 'http://a.test', audience: 'b', client: { id: 'c', secret: 'd' } });
       console.log(typeof latchkey.requires('reports:read'));`,
    );
    const { stdout, stderr } = spawnSync(process.execPath, ['api.mjs'], { cwd: place, encoding: 'utf8' });
    expect(stderr).to.equal('');
    expect(stdout).to.equal('function\n');
  });
});
