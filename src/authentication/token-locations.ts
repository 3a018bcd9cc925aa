import type { Request, RequestHandler } from 'express';
import type { Config } from '../config/config.js';
import { Problem } from '../problems/problem.js';
import { parseCredentials, readHeader } from '../guard/credentials.js';
import { createCsrfProblem, getTokenCookieName, readTokenCookie } from '../sessions/token-cookies.js';

/**
 * The access token from the first location in `JWT_TOKEN_LOCATION` that has one. `requireCsrfValue` comes after its check.
 * @throws {Problem} `invalid_token` where a location has something that cannot be a token.
 */
export function findAccessToken(request: Request, config: Config): string | undefined {
  for (const location of config.tokenLocations) {
    const token = finders[location](request, config);
    if (token !== undefined) {
      request.tokenInCookie = location === 'cookies';
      return token;
    }
  }
  return undefined;
}

/**
 * To be called for a token that is valid: a cookie with one that is not is cleared, and asking for its CSRF value first would leave
 * it where it blocks every request.
 * @throws {Problem} `csrf_failed` where the access token is in a cookie, and the request does not have its CSRF value.
 */
export function requireCsrfValue(request: Request, config: Config): void {
  if (request.tokenInCookie && readTokenCookie(request, config, 'access')?.isConfirmed === false)
    throw createCsrfProblem(config, 'access');
}

/** The detail names the configured locations. */
export function createMissingTokenProblem(config: Config): Problem {
  const places = config.tokenLocations.map((location) => descriptions[location](config));
  const ways = [
    ...(config.tokenLocations.some((location) => location !== 'cookies') ? ['POST /login returns one'] : []),
    ...(config.tokenLocations.includes('cookies') ? ['POST /login/cookies sets the cookie'] : []),
  ];
  return new Problem('authentication_required', {
    detail: `Send an access token: ${places.join(', or ')}. ${ways.join('; ')}.`,
  });
}

type Location = Config['tokenLocations'][number];

const descriptions: Readonly<Record<Location, (config: Config) => string>> = {
  headers: ({ headerName, headerType }) =>
    `"${headerName}: ${headerType === 'none' ? '' : `${headerType} `}<access_token>"`,
  cookies: (config) => `the cookie ${getTokenCookieName(config, 'access')}`,
  query_string: ({ queryStringName, queryStringValuePrefix = '' }) =>
    `the query parameter "${queryStringName}=${queryStringValuePrefix}<access_token>"`,
  json: ({ jsonKey }) => `the field ${jsonKey} of a JSON body`,
};

const finders: Readonly<Record<Location, (request: Request, config: Config) => string | undefined>> = {
  headers: findInHeader,
  cookies: (request, config) => readTokenCookie(request, config, 'access')?.token,
  query_string: findInQuery,
  json: findInBody,
};

/** RFC 6750 §2.1 with the default settings. */
function findInHeader(request: Request, { headerName, headerType }: Config): string | undefined {
  const value = readHeader(request, headerName.toLowerCase());
  if (value === undefined || value === '') return undefined;
  if (headerType === 'none') return value;
  const token = parseCredentials(value, headerType);
  if (token === null) {
    throw new Problem('invalid_token', {
      detail: `The ${headerName} header must be "${headerType}", one space, and the access token.`,
    });
  }
  return token;
}

function findInQuery(
  { query }: Request,
  { queryStringName, queryStringValuePrefix = '' }: Config,
): string | undefined {
  const value = query[queryStringName];
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || !value.startsWith(queryStringValuePrefix)) {
    throw new Problem('invalid_token', {
      detail: `The query parameter ${queryStringName} must be one access token${queryStringValuePrefix && ` after "${queryStringValuePrefix}"`}.`,
    });
  }
  return value.slice(queryStringValuePrefix.length);
}

/**
 * Removes the token's parameter from the query, which authentication has read: an operation that takes all parameters as one
 * model would refuse it as unknown.
 */
export function createQueryTokenRemover({ queryStringName }: Config): RequestHandler {
  return (request, _response, next) => {
    // Express parses the query at each access.
    const query = request.query;
    Reflect.deleteProperty(query, queryStringName);
    Object.defineProperty(request, 'query', { value: query, configurable: true, enumerable: true });
    next();
  };
}

function findInBody({ reservedBodyFields }: Request, { jsonKey }: Config): string | undefined {
  const value = reservedBodyFields?.get(jsonKey);
  if (value === undefined) return undefined;
  if (typeof value !== 'string') {
    throw new Problem('invalid_token', { detail: `The field ${jsonKey} must be one access token.` });
  }
  return value;
}
