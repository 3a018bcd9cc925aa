import type { Request } from 'express';
import type { Config } from '../config.js';
import { Problem } from '../problems/problem.js';
import { tokenInCookie } from './token-cookies.js';

/**
 * The access token of a request, from the first of the places that `JWT_TOKEN_LOCATION` names and that has one.
 * @throws {Problem} `invalid_token` where a place has something that cannot be a token; `csrf_failed`.
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

type Location = Config['tokenLocations'][number];

const finders: Readonly<Record<Location, (request: Request, config: Config) => string | undefined>> = {
  headers: inHeader,
  cookies: (request, config) => tokenInCookie(request, config, 'access'),
  query_string: inQuery,
  json: inBody,
};

/** RFC 6750 §2.1, where the settings say nothing else. */
function inHeader({ headers }: Request, { headerName, headerType }: Config): string | undefined {
  const value = headers[headerName.toLowerCase()];
  if (typeof value !== 'string' || value === '') return undefined;
  if (headerType === 'none') return value;
  // RFC 9110 §11.1: the scheme's case does not matter. One space: RFC 6750's grammar. Whether what follows has
  // the form of a token is for its verification to say, which a token that is known already has behind it.
  const start = headerType.length + 1;
  const scheme = value.slice(0, start);
  const isOurs = scheme === `${headerType} ` || scheme.toLowerCase() === `${headerType.toLowerCase()} `;
  if (isOurs && value.length > start && !value.includes(' ', start)) return value.slice(start);
  if (scheme.toLowerCase().startsWith(headerType.toLowerCase())) {
    throw new Problem('invalid_token', {
      detail: `The ${headerName} header must be "${headerType}", one space, and the access token.`,
    });
  }
  // Another scheme is none of ours.
  return undefined;
}

function inQuery(
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

function inBody({ takenFields }: Request, { jsonKey }: Config): string | undefined {
  const value = takenFields?.get(jsonKey);
  if (value === undefined) return undefined;
  if (typeof value !== 'string') {
    throw new Problem('invalid_token', { detail: `The field ${jsonKey} must be one access token.` });
  }
  return value;
}
