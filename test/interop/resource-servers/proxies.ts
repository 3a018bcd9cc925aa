import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { checkout } from '../../support/checkout.js';
import { reservePort } from '../../support/ports.js';
import { bothTypes, findBlock, type ResourceServer } from './resource-server.js';
import { startServer, type RunningServer } from './running-server.js';
import { hasCommand, projectFolder, runTool, writeProgram } from './tools.js';

/** Behind a proxy: responds with what the proxy tells it of the caller. */
async function startUpstream(): Promise<{ readonly url: string; readonly close: () => void }> {
  const server = createServer(({ headers }, response) => {
    response.end(JSON.stringify(headers));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function withUpstream(start: (url: string) => Promise<RunningServer>): Promise<RunningServer> {
  const upstream = await startUpstream();
  return closingAfter(start(upstream.url), upstream.close);
}

/** The server, which closes something else when it stops, or where it does not start. */
async function closingAfter(starting: Promise<RunningServer>, close: () => void): Promise<RunningServer> {
  try {
    const server = await starting;
    return {
      ...server,
      stop: async () => {
        close();
        await server.stop();
      },
    };
  } catch (error) {
    close();
    throw error;
  }
}

/** The same document over HTTPS: mod_auth_openidc takes keys from nowhere else. */
async function startMirror(url: string): Promise<{ readonly url: string; readonly close: () => void }> {
  const file = (name: string): Buffer => readFileSync(join(checkout, 'test/support/certificates', name));
  const server = createSecureServer(
    { key: file('server-key.pem'), cert: file('server.pem') },
    (_request, response) => {
      void fetch(url).then(async (document) => response.end(await document.text()));
    },
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

export const oauth2Proxy: ResourceServer = {
  name: 'oauth2-proxy',
  heading: 'oauth2-proxy',
  takes: bothTypes,
  checksType: false,
  prepare: () => (hasCommand('go', 'version') ? undefined : 'go'),
  async start(blocks) {
    const folder = projectFolder('oauth2-proxy');
    runTool(folder, 'go', ['build', '-o', 'oauth2-proxy', 'github.com/oauth2-proxy/oauth2-proxy/v7']);
    const port = await reservePort();
    return withUpstream((url) =>
      startServer({
        command: 'sh',
        words: ['-c', `exec ${findBlock(blocks, 'sh')}`],
        folder,
        port,
        environment: { PATH: `${folder}:${process.env['PATH'] ?? ''}`, UPSTREAM: url },
        shows: 'name',
      }),
    );
  },
};

const apacheModules = '/usr/lib/apache2/modules';

export const apache: ResourceServer = {
  name: 'Apache with mod_auth_openidc',
  heading: 'Apache with mod_auth_openidc',
  takes: bothTypes,
  checksType: false,
  prepare: () =>
    existsSync(join(apacheModules, 'mod_auth_openidc.so')) ? undefined : 'apache2 with mod_auth_openidc',
  async start(blocks) {
    const shown = findBlock(blocks, 'apache');
    const folder = projectFolder('apache');
    const port = await reservePort();
    const modules = [
      'mpm_event',
      'authn_core',
      'authz_core',
      'authz_user',
      'auth_openidc',
      'headers',
      'proxy',
      'proxy_http',
    ];
    const [, jwksUri = ''] = /^OIDCOAuthVerifyJwksUri (.*)$/m.exec(shown) ?? [];
    const mirror = await startMirror(jwksUri);
    const server = withUpstream((url) => {
      const configuration = [
        ...modules.map((name) => `LoadModule ${name}_module ${apacheModules}/mod_${name}.so`),
        `ServerName 127.0.0.1`,
        `Listen 127.0.0.1:${port}`,
        `PidFile ${folder}/pid`,
        `ErrorLog ${folder}/error.log`,
        `DefaultRuntimeDir ${folder}`,
        'User nobody',
        'Group nogroup',
        'OIDCCryptoPassphrase of-this-test',
        'OIDCOAuthSSLValidateServer Off',
        shown.replace(jwksUri, mirror.url),
        'RequestHeader set X-User "expr=%{REMOTE_USER}"',
        `ProxyPass "/" "${url}/"`,
        '',
      ].join('\n');
      const path = writeProgram(folder, 'httpd.conf', configuration);
      return startServer({
        command: 'apache2',
        words: ['-f', path, '-DFOREGROUND'],
        folder,
        port,
        forbidden: 401,
      });
    });
    return closingAfter(server, mirror.close);
  },
};
