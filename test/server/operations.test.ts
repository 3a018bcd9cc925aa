import { expect } from 'chai';
import express, { type RequestHandler } from 'express';
import { Middlewares } from '@tsoa/runtime';
import { pino } from 'pino';
import supertest from 'supertest';
import { readConfig } from '../../src/config/config.js';
import { collectPermissions } from '../../src/http/security-requirements.js';
import { Controllers } from '../../src/server/controllers.js';
import { mountOperations, type Authenticate, type Operation } from '../../src/server/operations.js';
import { createProblemHandler } from '../../src/server/problem-handler.js';
import type { Services } from '../../src/server/services.js';
import { readContract } from '../support/repository-contract.js';

const steps: string[] = [];
const logged: string[] = [];

const middleware: RequestHandler = (_request, _response, next) => {
  steps.push('middleware');
  next();
};

const failures: { next: Error } = { next: new Error('none') };

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
  async getRefusal(): Promise<never> {
    await Promise.resolve();
    throw failures.next;
  }
  getRefusalNow(): never {
    throw failures.next;
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
function mounted(...operations: Operation[]): ReturnType<typeof supertest> {
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
  const log = pino({ level: 'error' }, { write: (line: string) => logged.push(line) });
  app.use(createProblemHandler(log, 'http://latchkey.test'));
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
      const answer = await mounted({ ...sample, handler })
        .get('/sample')
        .expect(status);
      expect(answer.body).to.deep.equal(body);
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

  for (const [what, fields] of [
    ['a client’s', { status: 404 }],
    ['a client’s, of another kind', { status: 422, type: 'entity.too.large' }],
    ['http-errors’', { status: 412, statusCode: 412, expose: true }],
  ] as const) {
    it(`is not taken for refused by the status of an error that it throws: ${what}`, async () => {
      failures.next = Object.assign(new Error('upstream refused'), fields);
      for (const handler of ['getRefusal', 'getRefusalNow']) {
        logged.length = 0;
        const { body } = await mounted({ ...sample, handler }).get('/sample').expect(500);
        expect(body).to.have.property('code', 'internal_error');
        expect(JSON.stringify(logged)).to.include('upstream refused');
      }
    });
  }

  it('tells errors under the fields of its body and query, whatever its parameters are called', async () => {
    const model = {
      dataType: 'nestedObjectLiteral',
      required: true,
      nestedProperties: { list: { dataType: 'array', array: { dataType: 'integer' } } },
    } as const;
    const operation: Operation = {
      ...sample,
      method: 'post',
      handler: 'post',
      parameters: {
        b: { in: 'body', name: 'b', ...model },
        q: { in: 'queries', name: 'q', ...model, nestedProperties: { a: { dataType: 'integer' } } },
      },
    };
    const { body } = await mounted(operation)
      .post('/sample?a=x&more=1')
      .send({ list: ['x'], other: 1 })
      .expect(422);
    expect(body.errors).to.have.all.keys('list.0', 'other', 'a', 'more');
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
    expect(collectPermissions(operations)).to.deep.equal(['a', 'b', 'c']);
  });
});
