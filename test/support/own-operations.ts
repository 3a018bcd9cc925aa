import express, { type Express, type Request } from 'express';
import { createProblemHandler } from '../../src/server/problem-handler.js';
import { Controllers } from '../../src/server/controllers.js';
import { mountOperations, type Operation } from '../../src/server/operations.js';
import { createRequestIdMiddleware } from '../../src/http/request-context.js';
import type { Services } from '../../src/server/services.js';

/** What an operation of the tests returns about its caller. */
export interface ReportedCaller {
  readonly subject: string | null;
  readonly user: unknown;
  readonly body: unknown;
}

/** A controller of an API that is built on Latchkey. */
class OwnController {
  public describeCaller(request: Request): ReportedCaller {
    return {
      subject: request.caller?.subject ?? null,
      user: request.user ?? null,
      body: (request.body as unknown) ?? null,
    };
  }
}

/** An operation as the build makes it from `@Security(…)`: `/own/<name>`, which is not in the contract. */
export function createOwnOperation(
  name: string,
  security: Operation['security'],
  method: Operation['method'] = 'get',
): Operation {
  return {
    method,
    path: `/own/${name}`,
    controller: OwnController,
    handler: 'describeCaller',
    parameters: { request: { in: 'request', name: 'request', required: true, dataType: 'object' } },
    security,
    successStatus: 200,
  };
}

/** The app with more operations in front of it. */
export function mountOwnOperations(
  app: Express,
  services: Services,
  operations: readonly Operation[],
): Express {
  const outer = express();
  outer.locals.services = services;
  outer.use(createRequestIdMiddleware());
  const routes = {
    operations,
    models: {},
    validation: { noImplicitAdditionalProperties: 'throw-on-extras', bodyCoercion: false } as const,
    controllers: new Controllers(services),
  };
  mountOperations(outer, [routes], { paths: {} });
  outer.use(createProblemHandler(services.log, services.issuer));
  outer.use(app);
  return outer;
}
