import { parseCookie } from 'cookie';
import type { Request } from 'express';
import type { Config } from '../config/config.js';
import { addCookiePrefix, deviceCookie } from '../config/cookie-settings.js';
import { getCookieAttributes } from '../sessions/token-cookies.js';

/** The value of the cookie of a remembered device, unchecked. */
export function readDeviceCookie({ headers }: Request, config: Config): string | undefined {
  if (config.rememberedDevices === 0 || headers.cookie === undefined) return undefined;
  return parseCookie(headers.cookie)[getName(config)];
}

/** Sets the cookie that replaces a second factor: no script can read it. */
export function setDeviceCookie({ res: response }: Request, config: Config, token: string): void {
  response?.cookie(getName(config), token, {
    ...getCookieAttributes(config, deviceCookie.path),
    httpOnly: true,
    maxAge: config.rememberedDevices * 1000,
  });
}

function getName(config: Config): string {
  return addCookiePrefix(config, deviceCookie.name, deviceCookie.path);
}
