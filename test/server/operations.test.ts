import { expect } from 'chai';
import express, { type ErrorRequestHandler, type RequestHandler } from 'express';
import { Middlewares } from '@tsoa/runtime';
import supertest from 'supertest';
import { readConfig } from '../../src/config/config.js';
import { collectPermissions, importPermission } from '../../src/http/security-requirements.js';
import { Controllers } from '../../src/server/controllers.js';
import { mountOperations, type Authenticate, type Operation } from '../../src/server/operations.js';
import type { Services } from '../../src/server/services.js';
import { readContract } from '../support/repository-contract.js';

const steps: string[] = [];

const middleware: RequestHandler = (_request, _response, next) => {
  steps.push('middleware');
  next();
};

class Sample {
  getNow(): object {
    steps.push('controller');
    return { now: true };
  }
  getLater(): Promise<object> {
    return Promise.resolve({ now: false });
  }
  getNothing(): undefined {
    return undefined;
  }
  getFailure(): Promise<never> {
    return Promise.reject(new Error('it failed'));
  }
  getUpstreamFailure(): never {
    throw Object.assign(new Error('the other service has none'), { status: 404 });
  }
  getLateUpstreamFailure(): Promise<never> {
    return Promise.reject(Object.assign(new Error('the other service has none'), { status: 404 }));
  }
  @Middlewares(middleware)
  post(): object {
    steps.push('controller');
    return {};
  }
}

const sample: Operation = {
  method: 'get',
  path: '/sample',
  controller: Sample,
  handler: 'getNow',
  parameters: {},
  security: [],
  successStatus: undefined,
};

/** An app with these operations alone. */
function mounted(...given: (Operation | ((error: unknown) => void))[]): ReturnType<typeof supertest> {
  const operations = given.filter((each) => typeof each !== 'function');
  const [onError] = given.filter((each) => typeof each === 'function');
  const app = express().set('env', 'test');
  app.locals.services = {
    config: readConfig({}),
    hooks: {},
    confirmation: { isNeeded: false },
  } as unknown as Services;
  const authenticate: Authenticate = (_request, scheme, permissions) => {
    steps.push(`${scheme} ${permissions.join(' ')}`);
    return { subject: 'x', username: 'x', sessionId: 'x', permissions: new Set(), claims: {} as never };
  };
  const routes = {
    operations,
    models: {},
    validation: { noImplicitAdditionalProperties: 'throw-on-extras', bodyCoercion: false } as const,
    controllers: new Controllers({}),
  };
  mountOperations(app, [routes], readContract().document, authenticate);
  const handleError: ErrorRequestHandler = (error, _request, response, next) => {
    if (!onError) {
      next(error);
      return;
    }
    onError(error);
    response.status(500).end();
  };
  app.use(handleError);
  return supertest(app);
}

describe('An operation', () => {
  beforeEach(() => {
    steps.length = 0;
  });

  for (const [handler, status, body] of [
    ['getNow', 200, { now: true }],
    ['getLater', 200, { now: false }],
    ['getNothing', 204, {}],
  ] as const) {
    it(`responds with what ${handler} returns, at once or later`, async () => {
      const response = await mounted({ ...sample, handler })
        .get('/sample')
        .expect(status);
      expect(response.body).to.deep.equal(body);
    });
  }

  it('responds with its own status of success', async () => {
    await mounted({ ...sample, successStatus: 201 })
      .get('/sample')
      .expect(201);
    await mounted({ ...sample, handler: 'getNothing', successStatus: 202 })
      .get('/sample')
      .expect(202);
  });

  it('passes what its controller rejects with to the error handler', async () => {
    await mounted({ ...sample, handler: 'getFailure' })
      .get('/sample')
      .expect(500);
  });

  it('authenticates, then reads the body, then runs its middleware and its controller', async () => {
    const operation: Operation = {
      ...sample,
      method: 'post',
      handler: 'post',
      parameters: { body: { in: 'body', name: 'body', required: true, dataType: 'any' } },
      security: [{ bearer: ['reports:read', 'reports:write'] }],
    };
    const app = mounted(operation);
    await app.post('/sample').send({}).expect(200);
    expect(steps).to.deep.equal(['bearer reports:read reports:write', 'middleware', 'controller']);
    steps.length = 0;
    await app.post('/sample').set('Content-Type', 'application/json').send('{').expect(400);
    expect(steps).to.deep.equal(['bearer reports:read reports:write']);
  });

  it('requires no token where it is public, or where one is optional', async () => {
    for (const security of [[], [{}, { bearer: [] }]])
      await mounted({ ...sample, security })
        .get('/sample')
        .expect(200);
    expect(steps).to.deep.equal(['controller', 'controller']);
  });

  it('cannot be mounted with alternatives: the weaker one would do', () => {
    const security = [{ bearer: ['reports:read'] }, { bearer: [] }];
    expect(() => mounted({ ...sample, security })).to.throw('more than one @Security');
  });

  it('cannot be mounted for anyone where the contract requires a token', () => {
    expect(() => mounted({ ...sample, path: '/protected' })).to.throw(
      '/protected requires a token in the contract, but not in the generated routes.',
    );
    expect(() => mounted({ ...sample, path: '/users/:id', security: [{}] })).to.throw('/users/:id requires');
    expect(() => mounted({ ...sample, path: '/users/:id', security: [{ bearer: [] }] })).not.to.throw();
  });

  it('cannot be mounted without its controller’s method', () => {
    expect(() => mounted({ ...sample, handler: 'gone' })).to.throw('Sample.gone, which is not there');
  });

  it('adds to the permissions that there are', () => {
    const operations = [[], [{}], [{ bearer: ['a', 'b'] }], [{ bearer: ['b', 'c'] }]].map(
      (security): Operation => ({ ...sample, security: security as Operation['security'] }),
    );
    expect(collectPermissions(operations)).to.deep.equal(['a', 'b', 'c', importPermission]);
  });

  for (const handler of ['getUpstreamFailure', 'getLateUpstreamFailure']) {
    it(`that fails with the status of another service has failed itself (${handler})`, async () => {
      const errors: unknown[] = [];
      const app = mounted({ ...sample, handler }, (error: unknown) => errors.push(error));
      await app.get('/sample').expect(500);
      expect(errors[0]).to.include({ code: 'internal_error' });
      expect(errors[0]).to.have.nested.property('cause.status', 404);
    });
  }

  it('names the fields of its body, whatever it calls the body', async () => {
    const body = { in: 'body', name: 'b', required: true, dataType: 'nestedObjectLiteral' } as const;
    const parameters = {
      b: { ...body, nestedProperties: { title: { dataType: 'string', required: true } as const } },
    };
    const errors: unknown[] = [];
    const operation = { ...sample, method: 'post', handler: 'post', parameters } as const;
    await mounted(operation, (error: unknown) => errors.push(error))
      .post('/sample')
      .send({})
      .expect(500);
    expect(errors[0]).to.have.nested.property('fields.body\\.title');
  });
});
