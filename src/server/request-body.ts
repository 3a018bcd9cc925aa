import type { TsoaRoute } from '@tsoa/runtime';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import express, { type Request, type RequestHandler } from 'express';
import type { Config } from '../config/config.js';
import { Problem } from '../problems/problem.js';
import {
  formTextMiddleware,
  jsonTextMiddleware,
  verifyFormText,
  verifyJsonText,
} from '../http/request-text.js';
import { usesCookies } from '../config/cookie-settings.js';

const bodyLimit = '64kb';
const jsonTypes = ['json', '+json'];
const formType = 'application/x-www-form-urlencoded';

const parseJson = express.json({ type: jsonTypes, limit: bodyLimit, inflate: false, verify: verifyJsonText });
const readJson = [parseJson, jsonTextMiddleware];
const readForm = [
  express.urlencoded({ extended: false, limit: bodyLimit, inflate: false, verify: verifyFormText }),
  formTextMiddleware,
];

/**
 * body-parser loads its encodings with the first body, and where that fails, as for want of open files, takes them for
 * unknown: valid JSON was 415.
 */
function loadEncodings(): void {
  const parse: (request: IncomingMessage, response: ServerResponse, next: () => void) => void = parseJson;
  const request = new IncomingMessage(new Socket());
  request.headers = { 'content-type': 'application/json; charset=utf-8', 'content-length': '2' };
  request.push('{}');
  request.push(null);
  parse(request, new ServerResponse(request), () => undefined);
}

loadEncodings();

interface BodyOptions {
  /** The body parameter; undefined where the operation has none. */
  readonly body: TsoaRoute.ParameterSchema | undefined;
  /** The media types of the body in the contract. */
  readonly mediaTypes: readonly string[];
  /** An example of it as JSON. */
  readonly jsonExample: unknown;
  /** Whether the request may have an access token. */
  readonly acceptsToken: boolean;
}

/** Whether the body may have an access token or a CSRF value, so that it is parsed before authentication. */
export function parsesBodyFirst(config: Config): boolean {
  return config.tokenLocations.includes('json') || acceptsCsrfField(config);
}

function acceptsCsrfField(config: Config): boolean {
  return usesCookies(config) && config.csrfCheckForm;
}

/** Parses an operation's body, and moves reserved fields out of it. */
export function createBodyParsers(
  config: Config,
  { body, mediaTypes, jsonExample, acceptsToken }: BodyOptions,
): RequestHandler[] {
  const isForm = mediaTypes.includes(formType);
  const takesJsonToken = acceptsToken && !isForm && config.tokenLocations.includes('json');
  // A form of an operation without a token has no reserved fields.
  const takesCsrfField = acceptsCsrfField(config) && (acceptsToken || !isForm);
  // Such as an HTML form with only the CSRF field.
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
        throw isForm ? new Problem('missing_form') : createMissingJsonProblem(request, jsonExample);
      }
      next();
    },
    ...readers,
    requireParsedBody,
  ];
}

/** A form comes from a client that knows no other login, such as FastAPI's password dialog: it is shown what to send. */
function createMissingJsonProblem(request: Request, example: unknown): Problem {
  if (request.is(formType) === false || example === undefined) return new Problem('missing_json');
  return new Problem('missing_json', {
    detail: `Missing JSON in request: it has a form. Send a JSON object with Content-Type: application/json, such as ${JSON.stringify(example)}`,
  });
}

/** body-parser skips the body of a request whose client has disconnected. */
const requireParsedBody: RequestHandler = (request, _response, next) => {
  if (request.body === undefined && hasBody(request)) throw new Problem('bad_request');
  next();
};

/** Moves a field from the body to `request.reservedBodyFields`. */
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
