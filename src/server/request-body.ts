import type { TsoaRoute } from '@tsoa/runtime';
import express, { type Request, type RequestHandler } from 'express';
import type { Config } from '../config/config.js';
import { Problem } from '../problems/problem.js';
import {
  formTextMiddleware,
  jsonTextMiddleware,
  verifyFormText,
  verifyJsonText,
} from '../http/request-text.js';
import { usesCookies } from '../sessions/token-cookies.js';

const bodyLimit = '64kb';
const jsonTypes = ['json', '+json'];
const formType = 'application/x-www-form-urlencoded';

const readJson = [
  express.json({ type: jsonTypes, limit: bodyLimit, inflate: false, verify: verifyJsonText }),
  jsonTextMiddleware,
];
const readForm = [
  express.urlencoded({ extended: false, limit: bodyLimit, inflate: false, verify: verifyFormText }),
  formTextMiddleware,
];

interface BodyOptions {
  /** The parameter that the body is; undefined where the operation has none. */
  readonly body: TsoaRoute.ParameterSchema | undefined;
  /** What the contract says that the operation reads. */
  readonly mediaTypes: readonly string[];
  /** Whether an access token may come with the request. */
  readonly acceptsToken: boolean;
}

/** Whether a part of the body has a say in who calls: then it is read before that is decided. */
export function parsesBodyFirst(config: Config): boolean {
  return config.tokenLocations.includes('json') || acceptsCsrfField(config);
}

function acceptsCsrfField(config: Config): boolean {
  return usesCookies(config) && config.csrfCheckForm;
}

/** Reads an operation's body, and takes out of it what is for the service rather than for the operation. */
export function bodyParsers(
  config: Config,
  { body, mediaTypes, acceptsToken }: BodyOptions,
): RequestHandler[] {
  const isForm = mediaTypes.includes(formType);
  const takesJsonToken = acceptsToken && !isForm && config.tokenLocations.includes('json');
  // A form of an operation that takes no token is all its own.
  const takesCsrfField = acceptsCsrfField(config) && (acceptsToken || !isForm);
  // Such as a page's form with the CSRF field alone.
  const takesForm = isForm || (takesCsrfField && body?.required !== true);
  const readers = [
    ...((body && !isForm) || takesJsonToken ? readJson : []),
    ...(takesForm ? readForm : []),
    ...(takesJsonToken ? [reserveBodyField(config.jsonKey)] : []),
    ...(takesCsrfField
      ? [reserveBodyField(config.accessCsrfFieldName), reserveBodyField(config.refreshCsrfFieldName)]
      : []),
  ];
  if (!body) return readers;
  const types = [...(isForm ? [] : jsonTypes), ...(takesForm ? [formType] : [])];
  return [
    (request, _response, next) => {
      if (!hasBody(request) ? body.required === true : request.is(types) === false) {
        throw new Problem(isForm ? 'missing_form' : 'missing_json');
      }
      next();
    },
    ...readers,
    requireParsedBody,
  ];
}

/** body-parser passes a request on without its body where the client has gone by then: nobody waits for the answer. */
const requireParsedBody: RequestHandler = (request, _response, next) => {
  if (request.body === undefined && hasBody(request)) throw new Problem('bad_request');
  next();
};

/** The field is not the operation's: it goes from the body to `request.takenFields`. */
function reserveBodyField(name: string): RequestHandler {
  return (request, _response, next) => {
    const body = request.body as Record<string, unknown> | undefined;
    if (typeof body === 'object' && Object.hasOwn(body, name)) {
      (request.reservedBodyFields ??= new Map()).set(name, body[name]);
      Reflect.deleteProperty(body, name);
    }
    next();
  };
}

function hasBody({ headers }: Request): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
