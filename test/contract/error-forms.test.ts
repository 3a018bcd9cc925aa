import { expect } from 'chai';
import { createProblemForm, oauthForm } from '../../src/contract/error-forms.js';
import { problemCodes } from '../../src/problems/problem-codes.js';
import { readContract } from '../support/repository-contract.js';

interface Operation {
  readonly description: string;
  readonly requestBody: { readonly content: object };
  readonly responses: Readonly<
    Record<string, { content?: Record<string, { schema: { $ref: string }; examples?: object }> }>
  >;
}

const paths = readContract().document['paths'] as Record<string, { post?: Operation }>;

describe('The forms of errors in the contract', () => {
  it('share no codes', () => {
    const codes = [createProblemForm(problemCodes), oauthForm].flatMap((form) => Object.keys(form.codes));
    expect(new Set(codes)).to.have.length(codes.length);
  });

  for (const path of ['/oauth/token', '/oauth/introspect', '/oauth/revoke']) {
    it(`are OAuth's at ${path}, for every status, with examples; its body is a form`, () => {
      const operation = paths[path]?.post;
      if (!operation) throw new Error(`The contract lacks ${path}.`);
      expect(Object.keys(operation.requestBody.content)).to.deep.equal(['application/x-www-form-urlencoded']);
      const { 200: success, ...failures } = operation.responses;
      expect(success).not.to.equal(undefined);
      expect(failures).to.have.all.keys('400', '401', '413', '415', '429', 'default');
      for (const { content } of Object.values(failures)) {
        expect(content).to.have.all.keys('application/json');
        const media = content?.['application/json'];
        expect(media?.schema).to.deep.equal({ $ref: '#/components/schemas/OAuthError' });
        expect(Object.keys(media?.examples ?? {})).not.to.be.empty;
      }
    });
  }

  it('are problems at all other paths, and also pages where the operation has one', () => {
    for (const [path, operations] of Object.entries(paths)) {
      if (path.startsWith('/oauth/')) continue;
      for (const { responses } of Object.values(operations)) {
        const hasPage = responses['200']?.content?.['text/html'] !== undefined;
        const types = ['application/problem+json', ...(hasPage ? ['text/html'] : [])];
        expect(responses['default']?.content, path).to.have.all.keys(types);
      }
    }
  });
});

describe('The description of POST /oauth/token', () => {
  it('says that there is no password grant, and names the alternative', () => {
    expect(paths['/oauth/token']?.post?.description)
      .to.include('The `password` grant is not offered (RFC 9700 §2.4)')
      .and.include('`POST /login`');
  });
});
