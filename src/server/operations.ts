import { fetchMiddlewares, ValidateError, type ExpressTemplateService, type TsoaRoute } from '@tsoa/runtime';
import type { Express, Request, RequestHandler, Response } from 'express';
import type { OpenApiDocument } from '../contract/contract.models.js';
import { findOperation } from '../contract/read-contract.js';
import { OAuthProblem } from '../problems/oauth-problem.js';
import { Problem } from '../problems/problem.js';
import {
  authenticateIfPresent,
  checkRevocationIfNeeded,
  enforceRequirements,
  expressAuthentication,
} from '../authentication/authentication.js';
import { createQueryTokenRemover } from '../authentication/token-locations.js';
import { getFileLimits } from '../http/file-limits.js';
import { createBodyParsers, parsesBodyFirst } from './request-body.js';
import { toPathPattern } from './path-pattern.js';
import { createStaticRouteTable } from './static-route-table.js';
import type { RequestedOperation } from '../http/requested-operation.js';
import { checkUrlText } from '../http/request-text.js';
import { sendJson } from '../http/send-json.js';
import { keepUploads } from './upload-folder.js';
import { findFormParameters, createFormReader } from './uploads.js';
import { removePrototypes, ValidatingTemplateService } from './validation.js';
import type { Caller } from '../tokens/caller.js';
import type { ControllerClass, Controllers } from './controllers.js';

/** An operation of the contract, as a generated file lists it. */
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

/** What the build makes of controllers: the contents of a generated file. */
export interface Routes {
  readonly operations: readonly Operation[];
  readonly models: TsoaRoute.Models;
  readonly validation: ConstructorParameters<typeof ExpressTemplateService>[1];
}

/** Routes, with what their controllers are called on. */
export interface MountedRoutes extends Routes {
  readonly controllers: Controllers;
}

/** Finds who calls, and refuses those who may not. */
export type Authenticate = (request: Request, scheme: string, demands: readonly string[]) => Caller;

type Handler = (...parameters: unknown[]) => unknown;

/**
 * Mounts the operations: authenticate, parse the body, validate, call the controller. Each operation only has the middleware
 * that it needs. Speed: no promise where the controller returns none. All routes are mounted in one call: a path without
 * parameters, Latchkey's or the project's, is found before one with parameters.
 * @param document the contract of all of them.
 */
export function mountOperations(
  app: Express,
  all: readonly MountedRoutes[],
  document: OpenApiDocument,
  authenticate: Authenticate = expressAuthentication,
): void {
  const getRoute = createStaticRouteTable(app);
  const staticPaths = all
    .flatMap(({ operations }) => operations.map(({ path }) => path))
    .filter((path) => !path.includes(':'));
  for (const routes of all) mountRoutes(routes, { app, document, authenticate, getRoute, staticPaths });
}

interface MountPoint {
  readonly app: Express;
  readonly document: OpenApiDocument;
  readonly authenticate: Authenticate;
  readonly getRoute: ReturnType<typeof createStaticRouteTable>;
  /** The paths without parameters, of all operations. */
  readonly staticPaths: readonly string[];
}

function mountRoutes(
  { operations, models, validation, controllers }: MountedRoutes,
  { app, document, authenticate, getRoute, staticPaths }: MountPoint,
): void {
  const { config, hooks } = app.locals.services;
  const templates = new ValidatingTemplateService(models, validation);
  for (const operation of operations) {
    const { controller, handler } = operation;
    const method = (controller.prototype as Record<string, Handler | undefined>)[handler];
    if (!method) {
      throw new Error(`The generated routes name ${controller.name}.${handler}, which is not there.`);
    }
    const authentication = createAuthenticationMiddleware(operation, authenticate);
    if (authentication.length > 0 && hooks.loadUser)
      authentication.push(createLoadUserMiddleware(hooks.loadUser));
    const described = findOperation(document, operation);
    if (described?.requiresCredentials && authentication.length === 0) {
      throw new Error(`${operation.path} requires a token in the contract, but not in the generated routes.`);
    }
    removePrototypes(operation.parameters);
    const args = nameParts(operation.parameters);
    const parameters = Object.values(operation.parameters);
    const takesQueryModel = parameters.some((parameter) => parameter.in === 'queries');
    const acceptsToken = operation.security.length > 0 || described?.acceptsToken === true;
    const form = findFormParameters(parameters);
    const body = form
      ? [createFormReader(form, getFileLimits(method))]
      : createBodyParsers(config, {
          body: parameters.find((parameter) => parameter.in === 'body'),
          mediaTypes: described?.mediaTypes ?? [],
          jsonExample: described?.jsonExample,
          acceptsToken,
        });
    // Nobody uploads files without having been let in.
    const isBodyFirst = !form && parsesBodyFirst(config);
    const middlewares = [
      ...(described?.usesOAuthErrors ? [useOAuthErrorFormat] : []),
      ...(described?.offersErrorPages ? [useErrorPages] : []),
      ...(isBodyFirst ? [...body, ...authentication] : [...authentication, ...body]),
      ...(takesQueryModel && acceptsToken && config.tokenLocations.includes('query_string')
        ? [createQueryTokenRemover(config)]
        : []),
      ...fetchMiddlewares<RequestHandler>(controller),
      ...fetchMiddlewares<RequestHandler>(method),
    ];
    const handle: RequestHandler = (request, response) => {
      checkUrlText(request);
      const validated = templates.getValidatedArgs({
        args,
        request,
        response,
      }) as unknown[];
      let result: unknown;
      try {
        result = method.apply(controllers.get(controller), validated);
      } catch (error) {
        throw toOperationError(error);
      }
      if (result instanceof Promise) {
        if (form) keepUploads(request, result);
        return result.then(
          (value) => {
            sendResult(response, value, operation.successStatus);
          },
          (error: unknown) => {
            throw toOperationError(error);
          },
        );
      }
      sendResult(response, result, operation.successStatus);
      return undefined;
    };
    const { id = handler, path } = described ?? {};
    const requested = { id, ...(path !== undefined && { path }) };
    const [first, ...others] = middlewares.length > 0 ? [...middlewares, handle] : [handle];
    const guard = createStaticPathGuard(operation.path, staticPaths);
    getRoute(operation.path)[operation.method](...guard, nameOperation(requested, first), ...others);
  }
}

/** `/invitations/accept` is no `/invitations/{id}`, also for a method that it does not support. */
function createStaticPathGuard(path: string, staticPaths: readonly string[]): RequestHandler[] {
  if (!path.includes(':')) return [];
  const pattern = toPathPattern(path);
  const others = new Set(staticPaths.filter((each) => pattern.test(each)));
  if (others.size === 0) return [];
  return [
    (request, _response, next) => {
      if (others.has(request.path)) next('route');
      else next();
    },
  ];
}

/** A middleware that says which operation it is, for the metrics and the log. Within the first one, for speed. */
function nameOperation(operation: RequestedOperation, first: RequestHandler): RequestHandler {
  return (request, response, next) => {
    request.operation = operation;
    return first(request, response, next);
  };
}

/** Errors name the fields of a body and a query, whatever the method calls them. */
function nameParts(parameters: Operation['parameters']): Operation['parameters'] {
  const names: Readonly<Record<string, string>> = { body: 'body', queries: 'query' };
  return Object.fromEntries(
    Object.entries(parameters).map(([key, parameter]) => [
      key,
      { ...parameter, name: names[parameter.in] ?? parameter.name },
    ]),
  );
}

/** A status of another service's response, as HTTP clients throw it, says nothing about this request. */
function toOperationError(error: unknown): unknown {
  const isOwn = [Problem, OAuthProblem, ValidateError].some((kind) => error instanceof kind);
  const { status } = (error ?? {}) as { readonly status?: unknown };
  return isOwn || typeof status !== 'number' ? error : new Problem('internal_error', { cause: error });
}

function createAuthenticationMiddleware(
  { security, path }: Operation,
  authenticate: Authenticate,
): RequestHandler[] {
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

function createLoadUserMiddleware(
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
