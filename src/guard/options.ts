import type { TokenHeader } from './credentials.js';
import type { GuardClock } from './latchkey-service.js';
import type { OpenTelemetry } from './open-telemetry.js';
import { createTracedCheck, runUntraced, type RunCheck } from './traced-check.js';
import { traceFetch } from './traced-fetch.js';

const staleModes = ['introspect', 'refuse', 'accept'] as const;
const refusalModes = ['respond', 'throw'] as const;

export interface GuardOptions {
  /** The service's `LATCHKEY_ISSUER`; tokens of other issuers are refused. Its metadata says where the keys are. */
  readonly issuer: string;
  /** Accepted audiences: a token must have at least one of them as `aud`. */
  readonly audience: string | readonly string[];
  /** A client of the service (`POST /clients`) with the scope `revocations:read` and the audience among its `introspection_audiences`. */
  readonly client: { readonly id: string | undefined; readonly secret: string | undefined };
  /** The base URL for requests to the service, for example an address in a private network; by default the issuer. */
  readonly url?: string;
  /** The URL of the public keys; by default the metadata's `jwks_uri`. */
  readonly jwksUri?: string;
  /** The header that carries the access token, here and at the service (`JWT_HEADER_NAME`); by default `Authorization`. */
  readonly headerName?: string;
  /** The scheme before the token (`JWT_HEADER_TYPE`), or `none` for the token alone; by default `Bearer`. */
  readonly headerType?: string;
  /** By how much the clocks here and at the service may differ, in seconds, 0 to 300; by default 0. */
  readonly leeway?: number;
  /** How old the feed may be, in seconds, 2 or more because its heartbeat comes every second; by default 3. */
  readonly bound?: number;
  /**
   * What to do while the feed is older than `bound`. `introspect` (the default): ask the service about each token, and
   * respond 503 if it does not respond. `refuse`: respond 503. `accept`: accept tokens that may be revoked, with a warning.
   */
  readonly whenStale?: (typeof staleModes)[number];
  /**
   * What to do with a request that is refused. `respond` (the default): the guard sends problem+json. `throw`: the
   * framework's error handler gets the `Refusal`, which has `status`, `headers` and `body()`.
   */
  readonly refusals?: (typeof refusalModes)[number];
  /** Called with messages for the operator; by default `console.warn`. */
  readonly warn?: (message: string) => void;
  /** For requests to the service; by default the global `fetch`. */
  readonly fetch?: typeof fetch;
  /** `@opentelemetry/api`, for checks and requests to the service to be spans, and for the latter to carry the context of their trace. */
  readonly openTelemetry?: OpenTelemetry;
  /** For tests. */
  readonly clock?: GuardClock;
}

/** The options with their defaults. */
export interface ResolvedOptions {
  readonly issuer: string;
  readonly audience: readonly string[];
  readonly client: Client;
  readonly url: string;
  readonly jwksUri: string | undefined;
  readonly header: TokenHeader;
  /** Seconds. */
  readonly leeway: number;
  /** Milliseconds. */
  readonly bound: number;
  readonly whenStale: (typeof staleModes)[number];
  readonly refusals: (typeof refusalModes)[number];
  readonly warn: (message: string) => void;
  readonly fetch: typeof fetch;
  readonly runCheck: RunCheck;
  readonly clock: GuardClock;
}

const systemClock: GuardClock = { now: () => Date.now(), monotonic: () => performance.now() };

interface Client {
  readonly id: string;
  readonly secret: string;
}

/** @throws {TypeError} with a sentence for each invalid option. */
export function resolveOptions(options: GuardOptions): ResolvedOptions {
  const { issuer, audience, client, leeway = 0, bound = 3, whenStale = 'introspect' } = options;
  const { refusals = 'respond', fetch: send = globalThis.fetch } = options;
  const { headerName = 'Authorization', headerType = 'Bearer' } = options;
  const audiences = typeof audience === 'string' ? [audience] : audience;
  const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';
  const isToken = (value: unknown): boolean => /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(String(value));
  const isUrl = (value: unknown): boolean => /^https?:\/\/[^?#\s]+$/.test(String(value));
  // JavaScript callers may pass anything, for example an environment variable that is not set.
  const given = client as Partial<GuardOptions['client']> | undefined;
  const errors = [
    ...findUnknown(options),
    isUrl(issuer) ? '' : 'issuer must be the http or https URL that the service has as LATCHKEY_ISSUER.',
    Array.isArray(audiences) && audiences.length > 0 && audiences.every(isText)
      ? ''
      : 'audience must name at least one accepted audience ("aud").',
    isText(given?.id) && isText(given?.secret) ? '' : 'client must have an id and a secret (POST /clients).',
    options.url === undefined || isUrl(options.url) ? '' : 'url must be an http or https URL.',
    options.jwksUri === undefined || /^https?:/.test(options.jwksUri)
      ? ''
      : 'jwksUri must be an http or https URL.',
    isToken(headerName) && isToken(headerType)
      ? ''
      : 'headerName and headerType must be those that the service has as JWT_HEADER_NAME and JWT_HEADER_TYPE.',
    leeway >= 0 && leeway <= 300 ? '' : 'leeway must be 0 to 300 seconds.',
    bound >= 2 && bound < Infinity ? '' : 'bound must be 2 seconds or more.',
    staleModes.includes(whenStale) ? '' : `whenStale must be one of ${staleModes.join(', ')}.`,
    refusalModes.includes(refusals) ? '' : `refusals must be one of ${refusalModes.join(', ')}.`,
  ].filter((error) => error !== '');
  if (errors.length > 0) throw new TypeError(`The guard's options cannot be used: ${errors.join(' ')}`);
  return {
    issuer,
    audience: audiences,
    client: client as Client,
    url: removeTrailingSlashes(options.url ?? issuer),
    jwksUri: options.jwksUri,
    header: {
      name: headerName,
      scheme: headerType === 'none' ? undefined : headerType,
    },
    leeway,
    bound: bound * 1000,
    whenStale,
    refusals,
    warn:
      options.warn ??
      ((message) => {
        console.warn(`latchkey/guard: ${message}`);
      }),
    fetch: options.openTelemetry ? traceFetch(options.openTelemetry, send) : send,
    runCheck: options.openTelemetry ? createTracedCheck(options.openTelemetry) : runUntraced,
    clock: options.clock ?? systemClock,
  };
}

const optionNames: Readonly<Record<keyof GuardOptions, true>> = {
  issuer: true,
  audience: true,
  client: true,
  url: true,
  jwksUri: true,
  headerName: true,
  headerType: true,
  leeway: true,
  bound: true,
  whenStale: true,
  refusals: true,
  warn: true,
  fetch: true,
  openTelemetry: true,
  clock: true,
};

/** A misspelt option would do nothing. */
function findUnknown(options: GuardOptions): string[] {
  const names = Object.keys(optionNames);
  return Object.keys(options)
    .filter((name) => !Object.hasOwn(optionNames, name))
    .map((name) => `${name} is no option; there are ${names.join(', ')}.`);
}

function removeTrailingSlashes(url: string): string {
  let end = url.length;
  while (url[end - 1] === '/') end -= 1;
  return url.slice(0, end);
}
