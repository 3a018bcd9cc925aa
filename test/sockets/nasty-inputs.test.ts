import { readContract } from '../support/repository-contract.js';
import { createNastyTexts, createNastyBodyTexts } from '../support/nasty-texts.js';
import { headerLength, kibi, UnlimitedService } from '../support/unlimited-service.js';

/** The longest body is 64 KiB. */
const bodyLength = 60 * kibi;

interface Schema {
  readonly $ref?: string;
  readonly pattern?: string;
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
}

interface Operation {
  readonly parameters?: readonly { readonly in: string; readonly name: string }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
}

const { document } = readContract();
const { paths, components } = document as unknown as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
};
const operations = Object.entries(paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, ...operation })),
);

describe('Long inputs of what is nasty to parse', () => {
  let service: UnlimitedService;
  before(async () => {
    service = await UnlimitedService.start();
  });
  after(() => service.close());

  it('get a response at once in every path and query', async () => {
    const texts = createNastyTexts(headerLength / 4).map(encodeURIComponent);
    for (const { path, method, parameters = [] } of operations) {
      const names = parameters.filter((each) => each.in === 'query').map(({ name }) => name);
      const inPath = parameters.some((each) => each.in === 'path');
      const anywhere = path.replaceAll(/\{[^{}]*\}/g, 'a');
      for (const encoded of texts) {
        if (inPath) {
          await service.expectResponse(method, path.replaceAll(/\{[^{}]*\}/g, encoded), service.authorized);
        }
        for (const name of names) {
          await service.expectResponse(method, `${anywhere}?${name}=${encoded}`, service.authorized);
        }
      }
    }
    const { queryStringName } = service.app.services.config;
    for (const text of createNastyTexts(headerLength)) {
      const legal = text.replaceAll(/[^\x21-\x7e]/g, '+');
      await service.expectResponse('GET', `/${legal}`);
      await service.expectResponse('GET', `/docs/${legal}`);
      await service.expectResponse('GET', `/protected?${legal}`);
      await service.expectResponse('GET', `/protected?${queryStringName}=${encodeURIComponent(text)}`);
    }
  }).timeout(60_000);

  for (const { path, method, requestBody } of operations) {
    for (const [mediaType, { schema }] of Object.entries(requestBody?.content ?? {})) {
      it(`get a response at once in every field of ${method.toUpperCase()} ${path}`, async () => {
        const { properties = {} } = resolve(schema);
        const names = [...Object.keys(properties), 'access_token', 'csrf_token', 'no_field'];
        const headers = { ...service.authorized, 'Content-Type': mediaType };
        const concrete = path.replaceAll(/\{[^{}]*\}/g, 'a');
        const isForm = mediaType === 'application/x-www-form-urlencoded';
        for (const text of createNastyBodyTexts(isForm ? bodyLength / 9 : bodyLength / 2)) {
          for (const name of names) {
            const isList = properties[name] && resolve(properties[name]).type === 'array';
            const value = isList ? [text] : text;
            const body = isForm
              ? new URLSearchParams({ grant_type: 'client_credentials', [name]: text }).toString()
              : JSON.stringify({ [name]: value });
            await service.expectResponse(method, concrete, headers, body);
          }
          if (!isForm)
            await service.expectResponse(method, concrete, headers, JSON.stringify({ [text]: '' }));
          await service.expectResponse(method, concrete, headers, text);
        }
      }).timeout(60_000);
    }
  }

  function resolve(schema: Schema): Schema {
    const name = schema.$ref?.split('/').at(-1);
    return name === undefined ? schema : (components.schemas[name] ?? {});
  }
});
