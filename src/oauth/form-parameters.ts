import type { RequestHandler } from 'express';
import { OAuthProblem } from '../problems/oauth-problem.js';

/** RFC 8707 §2: may be repeated. Always converted to an array, the contract's type. */
const repeatable = 'resource';

/**
 * RFC 6749 §3.2: a parameter without a value counts as omitted, and no parameter may be repeated.
 * @throws {OAuthProblem} `invalid_request`.
 */
export const formParametersMiddleware: RequestHandler = (request, _response, next) => {
  const form = request.body as Record<string, string | string[]>;
  for (const [name, value] of Object.entries(form)) {
    if (value === '') Reflect.deleteProperty(form, name);
    else if (name === repeatable) form[name] = [value].flat();
    else if (typeof value !== 'string') {
      throw new OAuthProblem(
        'invalid_request',
        `The parameter ${name.slice(0, 100)} was sent more than once.`,
      );
    }
  }
  next();
};
