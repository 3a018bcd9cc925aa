import { createHash, timingSafeEqual } from 'node:crypto';
import { parseCookie } from 'cookie';
import type { CookieOptions, Request, Response } from 'express';
import type { Config } from '../config/config.js';
import { addCookiePrefix, usesCookies } from '../config/cookie-settings.js';
import { Problem } from '../problems/problem.js';
import type { CookieSession, NewSessionTokens } from './sessions.models.js';
import type { TokenSet } from './token-sets.js';

export type TokenKind = 'access' | 'refresh';

interface CookieSettings {
  readonly name: string;
  readonly path: string;
  readonly csrfHeader: string;
  readonly csrfField: string;
  readonly csrfCookie: string;
  readonly csrfPath: string;
}

function getCookieSettings(config: Config, kind: TokenKind): CookieSettings {
  return kind === 'access'
    ? {
        name: config.accessCookieName,
        path: config.accessCookiePath,
        csrfHeader: config.accessCsrfHeaderName,
        csrfField: config.accessCsrfFieldName,
        csrfCookie: config.accessCsrfCookieName,
        csrfPath: config.accessCsrfCookiePath,
      }
    : {
        name: config.refreshCookieName,
        path: config.refreshCookiePath,
        csrfHeader: config.refreshCsrfHeaderName,
        csrfField: config.refreshCsrfFieldName,
        csrfCookie: config.refreshCsrfCookieName,
        csrfPath: config.refreshCsrfCookiePath,
      };
}

/**
 * The CSRF value of a token is its hash: bound to the token, and not stored. A page of another origin can send the cookie,
 * but can read neither the cookie nor this value.
 */
export function deriveCsrfValue(token: string): string {
  return createHash('sha256').update(`latchkey csrf ${token}`).digest('base64url');
}

export interface TokenCookie {
  readonly token: string;
  /** Whether the request has the token's CSRF value, where one is required: no page of another origin can send it. */
  readonly isConfirmed: boolean;
}

/** Reads a token's cookie without verifying the token. */
export function readTokenCookie(request: Request, config: Config, kind: TokenKind): TokenCookie | undefined {
  const { headers } = request;
  if (headers.cookie === undefined) return undefined;
  const { name, path, csrfHeader, csrfField } = getCookieSettings(config, kind);
  const token = parseCookie(headers.cookie)[addCookiePrefix(config, name, path)];
  if (token === undefined || token === '') return undefined;
  const isConfirmed =
    !requiresCsrf(request, config) ||
    // Reserved only where JWT_CSRF_CHECK_FORM is on.
    isCsrfValue(request.get(csrfHeader) ?? request.reservedBodyFields?.get(csrfField), token);
  return { token, isConfirmed };
}

/** A live token came in a cookie, and no CSRF value with it (double submit). */
export function createCsrfProblem(config: Config, kind: TokenKind): Problem {
  return new Problem('csrf_failed', {
    detail: `A request with a token in a cookie must send the CSRF value of the cookie in the header ${getCookieSettings(config, kind).csrfHeader}.`,
  });
}

/**
 * Whether a script of this origin, or of one that CORS allows, made the request: a form on another site cannot set headers.
 * Enough if there is no token whose CSRF value could be required.
 */
export function isMadeByScript(request: Request, config: Config): boolean {
  const headers = [config.accessCsrfHeaderName, config.refreshCsrfHeaderName];
  return !requiresCsrf(request, config) || headers.some((name) => (request.get(name) ?? '') !== '');
}

function requiresCsrf({ method, csrfMethod }: Request, { csrfProtect, csrfMethods }: Config): boolean {
  if (!csrfProtect) return false;
  if (csrfMethod === undefined) return csrfMethods.includes(method);
  // Only a gateway vouches for it: a text that is not a method is not an exempt one.
  return !knownMethod.test(csrfMethod) || csrfMethods.includes(csrfMethod);
}

/** Methods are case-sensitive (RFC 9110 §9.1), and those of HTTP are in capitals. */
const knownMethod = /^[A-Z]+$/;

/** @throws {Problem} `cookies_off`. */
export function requireCookies(config: Config): void {
  if (!usesCookies(config)) throw new Problem('cookies_off');
}

/**
 * Sets the tokens as HttpOnly cookies.
 * @returns the response body for the page, without the tokens.
 */
export function setTokenCookies({ res: response }: Request, config: Config, tokens: TokenSet): CookieSession {
  if (response) {
    setTokenCookie(response, config, 'access', tokens.access_token, tokens.expires_in);
    setTokenCookie(response, config, 'refresh', tokens.refresh_token, tokens.refresh_expires_in);
  }
  return {
    expires_in: tokens.expires_in,
    refresh_expires_in: tokens.refresh_expires_in,
    scope: tokens.scope,
    access_csrf_token: deriveCsrfValue(tokens.access_token),
    refresh_csrf_token: deriveCsrfValue(tokens.refresh_token),
  };
}

/** For a response with new tokens beside something else: in cookies, where the access token of the request came in one. */
export function sendNewTokens(
  request: Request,
  config: Config,
  tokens: TokenSet | undefined,
): NewSessionTokens {
  if (!tokens) return {};
  if (!request.tokenInCookie) return { tokens };
  return { cookie_session: setTokenCookies(request, config, tokens) };
}

/** Clears all token cookies, where the service sets any. */
export function clearTokenCookies(response: Response, config: Config): void {
  if (!usesCookies(config)) return;
  for (const kind of ['access', 'refresh'] as const) clearTokenCookie(response, config, kind);
}

/**
 * Clears the cookie of a token that is not valid, whether or not the request has its CSRF value: the browser would send it with
 * every request. Of several cookies of the name, another host of the domain has set one, which this would not clear, and the
 * one that it would clear may be live.
 */
export function clearBadTokenCookie(
  { headers, res: response }: Request,
  config: Config,
  kind: TokenKind,
): void {
  const start = `${getTokenCookieName(config, kind)}=`;
  const sent = (headers.cookie ?? '').split(';').filter((pair) => pair.trim().startsWith(start));
  if (response && sent.length === 1) clearTokenCookie(response, config, kind);
}

/** Clears a token's cookie, and that of its CSRF value. */
function clearTokenCookie(response: Response, config: Config, kind: TokenKind): void {
  const { name, path, csrfCookie, csrfPath } = getCookieSettings(config, kind);
  response.clearCookie(addCookiePrefix(config, name, path), {
    ...getCookieAttributes(config, path),
    httpOnly: true,
  });
  response.clearCookie(csrfCookie, getCookieAttributes(config, csrfPath));
}

export function getTokenCookieName(config: Config, kind: TokenKind): string {
  const { name, path } = getCookieSettings(config, kind);
  return addCookiePrefix(config, name, path);
}

function setTokenCookie(
  response: Response,
  config: Config,
  kind: TokenKind,
  token: string,
  lifetime: number,
): void {
  const { name, path, csrfCookie, csrfPath } = getCookieSettings(config, kind);
  const until = config.sessionCookie ? {} : { maxAge: lifetime * 1000 };
  response.cookie(addCookiePrefix(config, name, path), token, {
    ...getCookieAttributes(config, path),
    ...until,
    httpOnly: true,
  });
  if (config.csrfProtect && config.csrfInCookies) {
    response.cookie(csrfCookie, deriveCsrfValue(token), {
      ...getCookieAttributes(config, csrfPath),
      ...until,
    });
  }
}

export function getCookieAttributes(config: Config, path: string): CookieOptions {
  return {
    path,
    secure: config.cookieSecure,
    sameSite: config.cookieSameSite.toLowerCase() as 'strict' | 'lax' | 'none',
    ...(config.cookieDomain !== undefined && { domain: config.cookieDomain }),
  };
}

function isCsrfValue(given: unknown, token: string): boolean {
  const expected = Buffer.from(deriveCsrfValue(token));
  const actual = Buffer.from(typeof given === 'string' ? given : '');
  return actual.length === expected.length && timingSafeEqual(actual, expected);
}
