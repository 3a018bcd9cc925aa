import { fetchMiddlewares, type ExpressTemplateService, type TsoaRoute } from '@tsoa/runtime';
import type { Express, Request, RequestHandler, Response } from 'express';
import { findOperation, readContract } from '../contract/read-contract.js';
import { Problem } from '../problems/problem.js';
import {
  authenticateIfPresent,
  checkRevocationIfNeeded,
  enforceRequirements,
} from '../authentication/authentication.js';
import { bodyParsers, parsesBodyFirst } from './request-body.js';
import { createStaticRouteTable } from './static-route-table.js';
import { checkUrlText } from '../http/request-text.js';
import { sendJson } from '../http/send-json.js';
import { ValidatingTemplateService } from './validation.js';
import type { Caller } from '../tokens/caller.js';
import type { ControllerClass } from './ioc.js';

/** An operation of the contract, as `generated/routes.ts` lists it. */
export interface Operation {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** In Express's form: `/users/:id`. */
  readonly path: string;
  readonly controller: ControllerClass;
  /** The controller's method. */
  readonly handler: string;
  readonly parameters: Record<string, TsoaRoute.ParameterSchema>;
  /** Alternatives; none: a public operation. */
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly successStatus: number | undefined;
}

/** The contents of the generated file. */
export interface Routes {
  readonly operations: readonly Operation[];
  readonly models: TsoaRoute.Models;
  readonly validation: ConstructorParameters<typeof ExpressTemplateService>[1];
  readonly authenticate: (request: Request, scheme: string, demands: readonly string[]) => Caller;
  readonly container: (request: Request) => { get(controller: ControllerClass): object };
}

type Handler = (...parameters: unknown[]) => unknown;

/**
 * Mounts the operations: authenticate, parse the body, validate, call the controller. Each operation only has the middleware
 * that it needs. Speed: no promise where the controller returns none.
 */
export function mountOperations(app: Express, routes: Routes): void {
  const { config, hooks } = app.locals.services;
  const templates = new ValidatingTemplateService(routes.models, routes.validation);
  const { document } = readContract();
  const getRoute = createStaticRouteTable(app);
  for (const operation of routes.operations) {
    const { controller, handler } = operation;
    const method = (controller.prototype as Record<string, Handler | undefined>)[handler];
    if (!method) {
      throw new Error(`generated/routes.ts names ${controller.name}.${handler}, which is not there.`);
    }
    const authentication = authenticationMiddleware(operation, routes);
    if (authentication.length > 0 && hooks.loadUser) authentication.push(loadUserMiddleware(hooks.loadUser));
    const { mediaTypes, jsonExample, acceptsToken, requiresCredentials, usesOAuthErrors, offersErrorPages } =
      findOperation(document, operation);
    if (requiresCredentials && authentication.length === 0) {
      throw new Error(`${operation.path} requires a token in the contract, but not in generated/routes.ts.`);
    }
    const body = bodyParsers(config, {
      body: Object.values(operation.parameters).find((parameter) => parameter.in === 'body'),
      mediaTypes,
      jsonExample,
      acceptsToken: operation.security.length > 0 || acceptsToken,
    });
    const middlewares = [
      ...(usesOAuthErrors ? [useOAuthErrorFormat] : []),
      ...(offersErrorPages ? [useErrorPages] : []),
      ...(parsesBodyFirst(config) ? [...body, ...authentication] : [...authentication, ...body]),
      ...fetchMiddlewares<RequestHandler>(controller),
      ...fetchMiddlewares<RequestHandler>(method),
    ];
    getRoute(operation.path)[operation.method](...middlewares, (request, response) => {
      checkUrlText(request);
      const parameters = templates.getValidatedArgs({
        args: operation.parameters,
        request,
        response,
      }) as unknown[];
      const result = method.apply(routes.container(request).get(controller), parameters);
      if (result instanceof Promise) {
        return result.then((value) => {
          sendResult(response, value, operation.successStatus);
        });
      }
      sendResult(response, result, operation.successStatus);
      return undefined;
    });
  }
}

function authenticationMiddleware({ security, path }: Operation, { authenticate }: Routes): RequestHandler[] {
  const demanded = security.filter((schemes) => Object.keys(schemes).length > 0);
  const [requirement, ...alternatives] = demanded;
  if (!requirement) return [];
  // Alternatives would make the weaker one sufficient.
  if (alternatives.length > 0) {
    throw new Error(`${path} has more than one @Security: name all permissions in one.`);
  }
  const schemes = Object.entries(requirement);
  // `@Security({})` and `@Security("bearer")`: the token is optional, but must be valid.
  if (demanded.length < security.length) {
    return [
      withRevocationCheck((request) => {
        const caller = authenticateIfPresent(request);
        if (caller) {
          for (const [, demands] of schemes) enforceRequirements(request, caller, demands);
          request.caller = caller;
        }
      }),
    ];
  }
  return [
    withRevocationCheck((request) => {
      for (const [scheme, demands] of schemes) request.caller = authenticate(request, scheme, demands);
    }),
  ];
}

/** Decides synchronously, unless the revocations in memory may be incomplete. */
function withRevocationCheck(decide: (request: Request) => void): RequestHandler {
  return (request, _response, next) => {
    const asked = checkRevocationIfNeeded(request);
    if (asked) {
      return asked.then(() => {
        decide(request);
        next();
      });
    }
    decide(request);
    next();
    return undefined;
  };
}

function loadUserMiddleware(
  loadUser: NonNullable<Express['locals']['services']['hooks']['loadUser']>,
): RequestHandler {
  return async (request, _response, next) => {
    // A client has no user.
    if (request.caller?.sessionId !== undefined) {
      const user = await loadUser(request.caller.claims);
      if (!user) throw new Problem('invalid_token', { detail: 'The user of the access token is not there.' });
      request.user = user;
    }
    next();
  };
}

/** For errors from here on. */
const useOAuthErrorFormat: RequestHandler = (request, _response, next) => {
  request.usesOAuthErrors = true;
  next();
};

const useErrorPages: RequestHandler = (request, _response, next) => {
  request.offersErrorPages = true;
  next();
};

function sendResult(response: Response, value: unknown, status: number | undefined): void {
  if (response.headersSent) return;
  if (value === undefined || value === null) response.status(status ?? 204).end();
  // Text that is not JSON: the controller has set its type.
  else if (typeof value === 'string' && response.hasHeader('Content-Type'))
    response.status(status ?? 200).end(value);
  else sendJson(response, status ?? 200, value);
}
