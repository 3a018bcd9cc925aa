import { ExpressTemplateService, fetchMiddlewares, type TsoaRoute } from '@tsoa/runtime';
import express, { type Request, type RequestHandler, type Response, type Router } from 'express';
import { Problem } from '../problems/problem.js';
import type { Caller } from './caller.js';
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

/** What the generated file brings along. */
export interface Routes {
  readonly operations: readonly Operation[];
  readonly models: TsoaRoute.Models;
  readonly validation: ConstructorParameters<typeof ExpressTemplateService>[1];
  readonly authenticate: (request: Request, scheme: string, permissions: readonly string[]) => Caller;
  readonly container: (request: Request) => { get(controller: ControllerClass): object };
}

type Handler = (...parameters: unknown[]) => unknown;

const bodyLimit = '64kb';

/**
 * Mounts the operations: authenticate, then read the body, then validate, then call the controller.
 * What only some operations need is only on their path; a promise is waited for only where the controller gives one.
 */
export function mountOperations(router: Router, routes: Routes): void {
  const templates = new ExpressTemplateService(routes.models, routes.validation);
  for (const operation of routes.operations) {
    const { controller, handler } = operation;
    const method = (controller.prototype as Record<string, Handler | undefined>)[handler];
    if (!method)
      throw new Error(`generated/routes.ts names ${controller.name}.${handler}, which is not there.`);
    const middlewares = [
      ...authentication(operation, routes),
      ...bodyReading(operation),
      ...fetchMiddlewares<RequestHandler>(controller),
      ...fetchMiddlewares<RequestHandler>(method),
    ];
    router[operation.method](operation.path, ...middlewares, (request, response) => {
      const parameters = templates.getValidatedArgs({
        args: operation.parameters,
        request,
        response,
      }) as unknown[];
      const result = method.apply(routes.container(request).get(controller), parameters);
      if (result instanceof Promise) {
        return result.then((value) => {
          send(response, value, operation.successStatus);
        });
      }
      send(response, result, operation.successStatus);
      return undefined;
    });
  }
}

/** Every permission that an operation demands. */
export function permissionsOf(operations: readonly Operation[]): string[] {
  return [
    ...new Set(
      operations.flatMap(({ security }) => security.flatMap((schemes) => Object.values(schemes).flat())),
    ),
  ];
}

function authentication({ security }: Operation, { authenticate }: Routes): RequestHandler[] {
  const [requirement, ...alternatives] = security;
  if (!requirement) return [];
  // `@Security({})` beside `@Security("bearer")`: either will do, and the controller asks `authenticate` itself.
  if (security.some((schemes) => Object.keys(schemes).length === 0)) return [];
  // A second alternative would let a caller past who has the weaker of the two.
  if (alternatives.length > 0)
    throw new Error('An operation has more than one @Security: name all permissions in one.');
  const schemes = Object.entries(requirement);
  return [
    (request, _response, next) => {
      for (const [scheme, permissions] of schemes)
        request.caller = authenticate(request, scheme, permissions);
      next();
    },
  ];
}

function bodyReading({ parameters }: Operation): RequestHandler[] {
  const body = Object.values(parameters).find((parameter) => parameter.in === 'body');
  if (!body) return [];
  const required = body.required === true;
  const jsonTypes = ['json', '+json'];
  return [
    (request, _response, next) => {
      if (!hasBody(request) ? required : request.is(jsonTypes) === false) throw new Problem('missing_json');
      next();
    },
    express.json({ type: jsonTypes, limit: bodyLimit, inflate: false }),
  ];
}

function hasBody({ headers }: Request): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function send(response: Response, value: unknown, status: number | undefined): void {
  if (response.headersSent) return;
  if (value === undefined || value === null) response.status(status ?? 204).end();
  else response.status(status ?? 200).json(value);
}
