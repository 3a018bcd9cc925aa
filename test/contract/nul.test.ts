import { expect } from 'chai';
import { readContract } from '../support/repository-contract.js';
import { databaseKinds } from '../support/databases.js';
import { createClient, toBasicCredentials } from '../support/oauth-clients.js';
import { TestApp } from '../support/test-app.js';

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly example?: unknown;
  readonly items?: Schema;
}
interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly { readonly in: string; readonly name: string; readonly schema: Schema }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
}

const { paths, components } = readContract().document as {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
};
const nul = 'a\u0000b';

function resolve(schema: Schema): Schema {
  const { $ref: reference } = schema;
  return reference === undefined
    ? schema
    : resolve(components.schemas[reference.replace('#/components/schemas/', '')] ?? {});
}

/** Bodies like the contract's example, each with a NUL in another of its texts. */
function listBodies(operation: Operation): { readonly mediaType: string; readonly body: object }[] {
  return Object.entries(operation.requestBody?.content ?? {}).flatMap(([mediaType, { schema }]) => {
    const { properties = {}, example = {} } = resolve(schema);
    return Object.entries(properties).flatMap(([name, property]) => {
      const { type } = resolve(property);
      const value = type === 'array' ? [nul] : nul;
      return type === 'string' || type === 'array'
        ? [{ mediaType, body: { ...(example as object), [name]: value } }]
        : [];
    });
  });
}

// PostgreSQL's text cannot hold a NUL: it must be refused, or be no part of any statement.
for (const database of databaseKinds) {
  describe(`U+0000 in a text causes no 5xx on ${database}`, () => {
    let app: TestApp;
    let basic: string;
    before(async () => {
      app = await TestApp.start({
        database,
        settings: {
          JWT_TOKEN_LOCATION: 'headers,cookies',
          LATCHKEY_LOGIN_FREE_ATTEMPTS: '1000',
          LATCHKEY_LOGIN_FREE_ATTEMPTS_PER_ADDRESS: '1000',
        },
      });
      basic = toBasicCredentials(await createClient(app));
    });
    after(() => app.close());

    for (const [template, operations] of Object.entries(paths)) {
      for (const [method, operation] of Object.entries(operations)) {
        const { operationId, parameters = [] } = operation;
        const inPath = parameters.filter((parameter) => parameter.in === 'path');
        const inQuery = parameters.filter((parameter) => parameter.in === 'query');
        const bodies = listBodies(operation);
        if (inPath.length + inQuery.length + bodies.length === 0) continue;

        it(`of ${operationId}`, async () => {
          const send = async (path: string, mediaType?: string, body?: object): Promise<void> => {
            const request = app.request(method as 'get', path);
            if (path.startsWith('/oauth/')) request.set('Authorization', basic);
            else request.auth((await app.login()).access_token, { type: 'bearer' });
            if (mediaType !== undefined) request.type(mediaType.includes('form') ? 'form' : 'json');
            const { status, text } = await request.send(body);
            expect(status, text).to.be.lessThan(500);
          };
          const path = template.replaceAll(/\{[^}]+\}/g, '0199f3c2-6d1e-7a44-8c5b-2f1d9e7a6b10');
          if (inPath.length > 0) await send(template.replaceAll(/\{[^}]+\}/g, 'a%00b'));
          for (const { name } of inQuery) await send(`${path}?${name}=a%00b`);
          for (const { mediaType, body } of bodies) await send(path, mediaType, body);
        });
      }
    }
  });
}
