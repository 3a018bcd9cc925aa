import { expect } from 'chai';
import { readContract } from '../support/repository-contract.js';
import { problemCodes } from '../../src/problems/problem-codes.js';

interface MediaType {
  readonly schema: { readonly $ref?: string };
  readonly example?: unknown;
  readonly examples?: Readonly<Record<string, unknown>>;
}
interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description: string;
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly 'x-required-permissions'?: readonly string[];
  readonly parameters?: readonly { readonly name: string; readonly description?: string }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, MediaType>> };
  readonly responses: Readonly<
    Record<string, { readonly description: string; readonly content?: Readonly<Record<string, MediaType>> }>
  >;
}
interface Document {
  readonly openapi: string;
  readonly security: unknown;
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: Readonly<Record<string, Readonly<Record<string, object>>>>;
}

const document = readContract().document as unknown as Document;
const operations = Object.entries(document.paths).flatMap(([path, ofPath]) =>
  Object.entries(ofPath).map(([method, operation]) => ({
    ...operation,
    name: `${method.toUpperCase()} ${path}`,
  })),
);

function listDescriptions(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]: [string, unknown]) => {
    if (name === 'example') return [];
    return name === 'description' && typeof member === 'string' ? [member] : listDescriptions(member);
  });
}

/** Media types of the successful responses of an operation. */
function mediaTypesOf(operation: string): string[] {
  if (operation === 'GET /openapi.yaml') return ['application/yaml'];
  if (operation === 'GET /metrics') return ['text/plain', 'application/openmetrics-text'];
  if (operation === 'GET /') return ['application/json', 'text/html'];
  if (operation === 'GET /forward-auth') return []; // what it says is in headers
  if (operation.endsWith('/stream')) return ['text/event-stream'];
  return [operation.startsWith('GET /problems') ? 'text/html' : 'application/json'];
}

describe('The contract', () => {
  it('is OpenAPI 3.0.3, with bearer security at its root', () => {
    expect(document.openapi).to.equal('3.0.3');
    expect(document.security).to.deep.equal([{ bearer: [] }]);
    expect(document.components['securitySchemes']?.['bearer']).to.include({ type: 'http', scheme: 'bearer' });
  });

  it('has these public operations, and no others', () => {
    const isPublic = ({ security }: Operation): boolean => security.length === 0;
    expect(operations.filter(isPublic).map(({ name }) => name)).to.have.members([
      'POST /login',
      'POST /password/check',
      'POST /password/forgot',
      'POST /password/reset',
      'POST /account/secure',
      'POST /email/undo',
      'POST /invitations/accept',
      'POST /register',
      'POST /refresh',
      'POST /login/cookies',
      'POST /refresh/cookies',
      'POST /login/second-factor',
      'POST /login/second-factor/cookies',
      'POST /login/passkey/options',
      'POST /login/passkey',
      'POST /login/passkey/cookies',
      'POST /login/link',
      'POST /login/link/accept',
      'POST /login/link/accept/cookies',
      'GET /.well-known/jwks.json',
      'GET /.well-known/oauth-authorization-server',
      'GET /.well-known/openid-configuration',
      'GET /health/live',
      'GET /openapi.json',
      'GET /openapi.yaml',
      'GET /openapi-3.1.json',
      'GET /',
      'GET /problems',
      'GET /problems/{code}',
    ]);
  });

  it('has operations for which a token is optional: logging out, what gateways ask, readiness, and verifying an address; at OAuth’s, a client may say who it is in the body', () => {
    const isOptional = ({ security }: Operation): boolean =>
      security.some((each) => Object.keys(each).length === 0);
    expect(operations.filter(isOptional).map(({ name }) => name)).to.have.members([
      'GET /forward-auth',
      'POST /email/verification',
      'POST /email/verify',
      'GET /health/ready',
      'POST /logout',
      'POST /oauth/token',
      'POST /oauth/introspect',
      'POST /oauth/revoke',
    ]);
  });

  it('has no schema that is one type or another: openapi-generator makes Java of it that does not compile', () => {
    expect(JSON.stringify(document.components)).not.to.match(/"(anyOf|oneOf)":/);
  });

  it('names each operation once', () => {
    const ids = operations.map(({ operationId }) => operationId);
    expect(new Set(ids).size).to.equal(ids.length);
  });

  it('describes its models in whole sentences: tsoa ends a comment at an @ that it takes for a tag', () => {
    const descriptions = listDescriptions(document.components['schemas']);
    expect(descriptions).not.to.be.empty;
    expect(descriptions.filter((text) => !/\.\)?$/.test(text))).to.deep.equal([]);
  });

  it('has no dangling references', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/([^/]+)\/([^"]+)"/g)];
    expect(references).not.to.be.empty;
    for (const [reference, group, name] of references)
      expect(document.components[group ?? '']?.[name ?? ''], reference).to.be.an('object');
  });

  for (const operation of operations) {
    describe(operation.name, () => {
      const { security, responses, requestBody, parameters = [] } = operation;
      const bodies = Object.values(requestBody?.content ?? {});
      const described = Object.entries(responses);
      const isOAuth = operation.name.startsWith('POST /oauth/');
      const media = described.flatMap(([, { content }]) => Object.values(content ?? {}));

      it('has an id, one tag that is described, a summary and a description', () => {
        expect(operation.operationId).to.match(/^[a-z][A-Za-z0-9]+$/);
        expect(operation.tags).to.have.length(1);
        expect(document.tags.map(({ name }) => name)).to.include(operation.tags[0]);
        expect(operation.summary).to.match(/^[A-Z]/);
        expect(operation.description).to.match(/^[A-Z][^]*\.$/);
      });

      it('describes each parameter and each response', () => {
        for (const { name, description } of parameters)
          expect(description, name).to.be.a('string').and.not.be.empty;
        for (const [status, { description }] of described) expect(description, status).not.to.be.empty;
      });

      it('has a named schema and an example for each body', () => {
        for (const { schema, example, examples } of [...bodies, ...media]) {
          expect(schema.$ref).to.match(/^#\/components\/schemas\//);
          expect(example ?? Object.keys(examples ?? {})[0]).not.to.be.undefined;
        }
      });

      it(`has a body in each response that has something to say, and errors as ${isOAuth ? 'OAuth' : 'problem+json'}`, () => {
        const saysNothing = ['204', '304', ...(operation.name === 'POST /oauth/revoke' ? ['200'] : [])];
        for (const [status, { content }] of described) {
          const isError = status === 'default' || Number(status) >= 400;
          const types = Object.entries(content ?? {}).map(([type, { schema }]) => [type, schema.$ref]);
          if (saysNothing.includes(status)) expect(types).to.be.empty;
          else if (!isError) expect(types.map(([type]) => type)).to.deep.equal(mediaTypesOf(operation.name));
          else if (isOAuth)
            expect(types).to.deep.equal([['application/json', '#/components/schemas/OAuthError']]);
          else {
            expect(types).to.deep.equal([
              ['application/problem+json', '#/components/schemas/ProblemDetails'],
              ...(mediaTypesOf(operation.name).includes('text/html') && status !== '400'
                ? [['text/html', '#/components/schemas/HtmlPage']]
                : []),
            ]);
          }
        }
      });

      it('lists the responses that follow from its security, body and parameters', () => {
        const statuses = Object.keys(responses);
        expect(statuses).to.include('default');
        if (security.length > 0) expect(statuses).to.include('401');
        if (operation['x-required-permissions']) expect(statuses).to.include('403');
        if (requestBody) expect(statuses).to.include.members(['400', '413', '415']);
        // RFC 6749 §5.2 has one status for whatever is wrong with a request.
        if (requestBody && !isOAuth) expect(statuses).to.include('422');
        if (parameters.length > 0) expect(statuses).to.include('422');
        if (/\{(id|code)\}/.test(operation.name)) expect(statuses).to.include('404');
      });
    });
  }

  it('names every problem code in some operation, except those sent outside of operations', () => {
    const named = operations.flatMap(({ responses }) =>
      Object.values(responses).flatMap(({ content }) =>
        Object.keys(content?.['application/problem+json']?.examples ?? {}),
      ),
    );
    const ofNone = [
      'method_not_allowed',
      'precondition_failed',
      'request_timeout',
      'header_too_large',
      'expectation_failed',
    ];
    const ofOnesToBeAdded = ['missing_form', 'insufficient_user_authentication'];
    expect(new Set([...named, ...ofNone, ...ofOnesToBeAdded])).to.deep.equal(
      new Set(Object.keys(problemCodes)),
    );
  });
});
