import { parseCookie } from 'cookie';
import type { Request } from 'express';
import type { Config } from '../config/config.js';
import { addCookiePrefix, getCookieAttributes } from '../sessions/token-cookies.js';

const path = '/';

/** The value of the cookie of a remembered device, unchecked. */
export function readDeviceCookie({ headers }: Request, config: Config): string | undefined {
  if (config.rememberedDevices === 0 || headers.cookie === undefined) return undefined;
  return parseCookie(headers.cookie)[getName(config)];
}

/** Sets the cookie that replaces a second factor: no script can read it. */
export function setDeviceCookie({ res: response }: Request, config: Config, token: string): void {
  response?.cookie(getName(config), token, {
    ...getCookieAttributes(config, path),
    httpOnly: true,
    maxAge: config.rememberedDevices * 1000,
  });
}

function getName(config: Config): string {
  return addCookiePrefix(config, 'latchkey_device', path);
}
