import { stringifySetCookie, type SetCookie } from 'cookie';

/** The settings of cookies; see their descriptions there. */
export interface CookieConfig {
  readonly tokenLocations: readonly string[];
  readonly cookieSecure: boolean;
  readonly cookieSameSite: 'Strict' | 'Lax' | 'None';
  readonly cookieDomain: string | undefined;
  readonly sessionCookie: boolean;
  readonly csrfProtect: boolean;
  readonly csrfInCookies: boolean;
  readonly accessCookieName: string;
  readonly accessCookiePath: string;
  readonly refreshCookieName: string;
  readonly refreshCookiePath: string;
  readonly accessCsrfCookieName: string;
  readonly accessCsrfCookiePath: string;
  readonly refreshCsrfCookieName: string;
  readonly refreshCsrfCookiePath: string;
  readonly accessTokenExpires: number;
  readonly refreshTokenExpires: number;
  readonly rememberedDevices: number;
}

/** RFC 6265 §6.1: bytes that every browser accepts for a cookie's name, value and attributes together. */
const maxCookieSize = 4096;
/** Characters; the start computes how many an administrator's token needs, which is more than this. */
const minAccessTokenLength = 1500;
const refreshTokenLength = 93;
const csrfValueLength = 43;
const deviceTokenLength = 43;

/** The cookie of a remembered device, before its prefix. */
export const deviceCookie = { name: 'latchkey_device', path: '/' } as const;

/** A cookie that the service sets. */
interface OwnCookie {
  /** What an operator knows it by. */
  readonly setting: string;
  readonly pathSetting?: string;
  /** With its prefix. */
  readonly name: string;
  readonly path: string;
  /** Whether no script can read it. */
  readonly httpOnly: boolean;
  /** Of its value, in characters. */
  readonly length: number;
  /** Seconds; undefined: until the browser ends. */
  readonly maxAge: number | undefined;
}

/** Whether the service sets tokens as cookies. */
export function usesCookies({ tokenLocations }: Pick<CookieConfig, 'tokenLocations'>): boolean {
  return tokenLocations.includes('cookies');
}

/** RFC 6265bis §4.1.3: with these prefixes, the cookie cannot be set by another host or without HTTPS. */
export function addCookiePrefix(
  { cookieSecure, cookieDomain }: Pick<CookieConfig, 'cookieSecure' | 'cookieDomain'>,
  name: string,
  path: string,
): string {
  if (!cookieSecure || name.startsWith('__')) return name;
  return path === '/' && cookieDomain === undefined ? `__Host-${name}` : `__Secure-${name}`;
}

/** The maximum length of an access token, in characters, whose cookie every browser keeps. */
export function getMaxTokenLengthInCookie(config: CookieConfig): number {
  return getMaxValueLength(config, createAccessCookie(config));
}

/** Settings with which browsers refuse a cookie, or replace it by another one, in sentences. */
export function findCookieErrors(config: CookieConfig): string[] {
  const errors =
    config.cookieSameSite === 'None' && !config.cookieSecure
      ? ['JWT_COOKIE_SAMESITE is None, which browsers take only with JWT_COOKIE_SECURE=true.']
      : [];
  if (!usesCookies(config)) return errors;
  const cookies = listCookies(config);
  // Where CSRF values are in no cookies, cookies of these names are deleted all the same.
  const set = cookies.filter(({ httpOnly }) => httpOnly || (config.csrfProtect && config.csrfInCookies));
  return [
    ...errors,
    ...findSameCookies(cookies),
    ...set.flatMap((cookie) => [...findPrefixErrors(config, cookie), ...findSizeErrors(config, cookie)]),
  ];
}

function createAccessCookie(config: CookieConfig): OwnCookie {
  const { accessCookieName, accessCookiePath: path, sessionCookie, accessTokenExpires } = config;
  return {
    setting: 'JWT_ACCESS_COOKIE_NAME',
    pathSetting: 'JWT_ACCESS_COOKIE_PATH',
    name: addCookiePrefix(config, accessCookieName, path),
    path,
    httpOnly: true,
    length: minAccessTokenLength,
    maxAge: sessionCookie ? undefined : accessTokenExpires,
  };
}

function listCookies(config: CookieConfig): OwnCookie[] {
  const access = createAccessCookie(config);
  const maxAge = config.sessionCookie ? undefined : config.refreshTokenExpires;
  const refresh = {
    setting: 'JWT_REFRESH_COOKIE_NAME',
    pathSetting: 'JWT_REFRESH_COOKIE_PATH',
    name: addCookiePrefix(config, config.refreshCookieName, config.refreshCookiePath),
    path: config.refreshCookiePath,
    httpOnly: true,
    length: refreshTokenLength,
    maxAge,
  };
  const csrf = { httpOnly: false, length: csrfValueLength };
  const device = {
    setting: 'LATCHKEY_REMEMBERED_DEVICES',
    name: addCookiePrefix(config, deviceCookie.name, deviceCookie.path),
    path: deviceCookie.path,
    httpOnly: true,
    length: deviceTokenLength,
    maxAge: config.rememberedDevices,
  };
  return [
    access,
    refresh,
    {
      ...csrf,
      setting: 'JWT_ACCESS_CSRF_COOKIE_NAME',
      pathSetting: 'JWT_ACCESS_CSRF_COOKIE_PATH',
      name: config.accessCsrfCookieName,
      path: config.accessCsrfCookiePath,
      maxAge: access.maxAge,
    },
    {
      ...csrf,
      setting: 'JWT_REFRESH_CSRF_COOKIE_NAME',
      pathSetting: 'JWT_REFRESH_CSRF_COOKIE_PATH',
      name: config.refreshCsrfCookieName,
      path: config.refreshCsrfCookiePath,
      maxAge,
    },
    ...(config.rememberedDevices > 0 ? [device] : []),
  ];
}

/** Browsers tell cookies of a host apart by name, path and domain, which all of these have in common. */
function findSameCookies(cookies: readonly OwnCookie[]): string[] {
  return cookies.flatMap((cookie, index) =>
    cookies
      .slice(index + 1)
      .filter(({ name, path }) => name === cookie.name && path === cookie.path)
      .map(
        (other) =>
          `${cookie.setting} and ${other.setting} make one cookie, ${cookie.name} with the path ${cookie.path}, of which browsers keep only the value that is set last: choose another name in ${cookie.setting}.`,
      ),
  );
}

/** RFC 6265bis §4.1.3; browsers compare the prefixes without regard to case (§5.4). */
function findPrefixErrors(config: CookieConfig, cookie: OwnCookie): string[] {
  const [, prefix] = /^(__(?:host-http|host|secure|http)-)/i.exec(cookie.name) ?? [];
  if (prefix === undefined) return [];
  const kind = prefix.toLowerCase();
  const isOfHost = kind.startsWith('__host-');
  const { setting, pathSetting = '', path } = cookie;
  const needs = [
    ...(config.cookieSecure ? [] : ['JWT_COOKIE_SECURE=true']),
    ...(isOfHost && config.cookieDomain !== undefined ? ['no JWT_COOKIE_DOMAIN'] : []),
    ...(isOfHost && path !== '/' ? [`${pathSetting}=/`] : []),
  ];
  const errors =
    needs.length === 0
      ? []
      : [
          `${setting} makes the cookie ${cookie.name}, which browsers take only with ${needs.join(' and ')}: change that, or choose a name without ${prefix}.`,
        ];
  return kind.endsWith('http-') && !cookie.httpOnly
    ? [
        ...errors,
        `${setting} makes the cookie ${cookie.name}, which browsers take only where no script can read it, as pages must: choose a name without ${prefix}.`,
      ]
    : errors;
}

function findSizeErrors(config: CookieConfig, cookie: OwnCookie): string[] {
  const excess = cookie.length - getMaxValueLength(config, cookie);
  if (excess <= 0) return [];
  const { setting, pathSetting } = cookie;
  const others = [pathSetting, config.cookieDomain === undefined ? undefined : 'JWT_COOKIE_DOMAIN'];
  const names = [setting, ...others.filter((each) => each !== undefined)].join(', ');
  return [
    `${setting} makes a cookie that is too long by ${excess} bytes: browsers keep ${maxCookieSize} bytes of name, value and attributes together. Make ${names} shorter.`,
  ];
}

/** In characters: what the name and the attributes leave. */
function getMaxValueLength(config: CookieConfig, { name, path, httpOnly, maxAge }: OwnCookie): number {
  const { cookieSecure: secure, cookieSameSite, cookieDomain: domain } = config;
  const cookie: SetCookie = {
    name,
    value: '',
    path,
    ...(maxAge !== undefined && { maxAge, expires: new Date(0) }),
    ...(httpOnly && { httpOnly }),
    ...(secure && { secure }),
    ...(domain !== undefined && { domain }),
    sameSite: cookieSameSite.toLowerCase() as 'strict' | 'lax' | 'none',
  };
  return maxCookieSize - Buffer.byteLength(stringifySetCookie(cookie));
}
