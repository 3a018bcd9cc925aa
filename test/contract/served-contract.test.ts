import { expect } from 'chai';
import { parse } from 'yaml';
import { readContract } from '../support/repository-contract.js';
import { TestApp } from '../support/test-app.js';

interface Served {
  readonly servers: readonly { readonly url: string }[];
  readonly components: { readonly securitySchemes: Readonly<Record<string, Record<string, string>>> };
}

describe('The contract as it is served', () => {
  let app: TestApp;
  afterEach(() => app.close());

  for (const [settings, expected] of [
    [
      {},
      { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', sent: 'Authorization: Bearer <access_token>' },
    ],
    [
      { JWT_HEADER_TYPE: 'JWT' },
      { type: 'http', scheme: 'JWT', bearerFormat: 'JWT', sent: 'Authorization: JWT <access_token>' },
    ],
    [
      { JWT_HEADER_TYPE: 'none' },
      { type: 'apiKey', in: 'header', name: 'Authorization', sent: 'Authorization: <access_token>' },
    ],
    [
      { JWT_HEADER_NAME: 'X-Access-Token' },
      {
        ...{ type: 'apiKey', in: 'header', name: 'X-Access-Token', 'x-token-scheme': 'Bearer' },
        sent: 'X-Access-Token: Bearer <access_token>',
      },
    ],
    [
      { JWT_HEADER_NAME: 'X-Access-Token', JWT_HEADER_TYPE: 'none' },
      { type: 'apiKey', in: 'header', name: 'X-Access-Token', sent: 'X-Access-Token: <access_token>' },
    ],
  ] as const) {
    it(`describes how to send an access token with ${JSON.stringify(settings)}`, async () => {
      app = await TestApp.start({ settings });
      const documents = [
        (await app.get('/openapi.json').expect(200)).body as Served,
        (await app.get('/openapi-3.1.json').expect(200)).body as Served,
        parse((await app.get('/openapi.yaml').expect(200)).text) as Served,
      ];
      for (const { components } of documents) {
        const { description, ...scheme } = components.securitySchemes['bearer'] ?? {};
        const { sent, ...rest } = expected;
        expect(scheme).to.deep.equal(rest);
        expect(description).to.include(`\`${sent}\``);
        expect(components.securitySchemes).to.have.all.keys('bearer', 'clientBasic');
      }
      const [word, value] = [sentName(expected.sent), sentValue(expected.sent)];
      const { access_token: token } = await app.login();
      await app.get('/me').set(word, value.replace('<access_token>', token)).expect(200);
    });
  }

  it('says that the access token is not sent in a header where headers are off', async () => {
    app = await TestApp.start({ settings: { JWT_TOKEN_LOCATION: 'cookies,json' } });
    const { body } = await app.get('/openapi.json').expect(200);
    expect((body as Served).components.securitySchemes['bearer']?.['description']).to.include(
      'not in a header, but in cookies or json',
    );
  });

  it('names the issuer as its first server, and then its own address', async () => {
    app = await TestApp.start({ settings: { LATCHKEY_ISSUER: "https://login.example/it's" } });
    const { servers: committed } = readContract().document as unknown as Served;
    expect(committed.map(({ url }) => url)).to.deep.equal(['/']);
    for (const { servers } of [
      (await app.get('/openapi.json').expect(200)).body as Served,
      (await app.get('/openapi-3.1.json').expect(200)).body as Served,
      parse((await app.get('/openapi.yaml').expect(200)).text) as Served,
    ]) {
      expect(servers.map(({ url }) => url)).to.deep.equal([app.services.issuer, '/']);
      expect(servers.slice(1)).to.deep.equal(committed);
    }
  });

  it('has another ETag with other settings', async () => {
    const etags = new Set<string | undefined>();
    for (const settings of [{}, { JWT_HEADER_TYPE: 'JWT' }, { JWT_HEADER_TYPE: 'Token' }]) {
      app = await TestApp.start({ settings });
      const etag = (await app.get('/openapi.json').expect(200)).get('ETag');
      await app
        .get('/openapi.json')
        .set('If-None-Match', etag ?? '')
        .expect(304);
      etags.add(etag);
      await app.close();
    }
    expect(etags.size).to.equal(3);
  });
});

function sentName(sent: string): string {
  return sent.slice(0, sent.indexOf(':'));
}

function sentValue(sent: string): string {
  return sent.slice(sent.indexOf(':') + 2);
}
