import type { JSONWebKeySet } from 'jose';
import type { TokenHeader } from './credentials.js';

/** The time, injected so that tests can move it. */
export interface GuardClock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Milliseconds of a monotonic clock. */
  monotonic(): number;
}

interface ServiceOptions {
  readonly issuer: string;
  /** The base URL for requests to the service. */
  readonly url: string;
  readonly jwksUri: string | undefined;
  readonly client: { readonly id: string; readonly secret: string };
  readonly header: TokenHeader;
  readonly fetch: typeof fetch;
  readonly clock: GuardClock;
}

interface Metadata {
  readonly issuer: string;
  readonly jwks_uri: string;
  readonly token_endpoint: string;
  readonly introspection_endpoint: string;
}

interface TokenResponse {
  readonly access_token: string;
  /** Seconds. */
  readonly expires_in: number;
}

/** The service refused the guard's request; only a person can correct that. */
export class ServiceRefused extends Error {
  override readonly name = 'ServiceRefused';
}

/** How long to wait for a response to begin, in milliseconds. */
const responseTimeout = 2000;
/** A token is replaced this long before it expires, in milliseconds. */
const expiryMargin = 30_000;

/** The guard's HTTP requests to the service. */
export class LatchkeyService {
  #metadata: Promise<Metadata> | undefined;
  #token: Promise<{ readonly value: string; readonly until: number }> | undefined;

  constructor(private readonly options: ServiceOptions) {}

  /** @returns the public keys, and for how many seconds they may be cached. */
  async keys(): Promise<{ readonly keys: JSONWebKeySet; readonly maxAge: number }> {
    const { jwksUri } = this.options;
    return this.#request(
      jwksUri ?? this.#resolveEndpoint((await this.#discover()).jwks_uri),
      {},
      async (response) => {
        const [, maxAge] = /(?:^|[\s,])max-age=(\d+)/.exec(response.headers.get('Cache-Control') ?? '') ?? [];
        return { keys: (await response.json()) as JSONWebKeySet, maxAge: Number(maxAge ?? 300) };
      },
    );
  }

  /** Whether the service says that a token is live (RFC 7662). */
  async introspect(token: string): Promise<boolean> {
    const { introspection_endpoint: endpoint } = await this.#discover();
    const form = this.#buildForm({ token, token_type_hint: 'access_token' });
    const { active } = await this.#request(
      this.#resolveEndpoint(endpoint),
      form,
      parseJson<{ readonly active: unknown }>,
    );
    return active === true;
  }

  /**
   * Opens the stream of revocations.
   * @param lastEventId the id of the event to continue after.
   */
  async follow(lastEventId: string | undefined, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    const { name, scheme } = this.options.header;
    const token = await this.#accessToken();
    const headers = {
      Accept: 'text/event-stream',
      [name]: scheme === undefined ? token : `${scheme} ${token}`,
      ...(lastEventId !== undefined && { 'Last-Event-ID': lastEventId }),
    };
    try {
      return await this.#request(
        `${this.options.url}/revocations/stream`,
        { headers, signal },
        ({ body }) => {
          if (!body) throw new Error('The response has no body.');
          return body;
        },
      );
    } catch (error) {
      // The token may have been revoked: the next attempt gets another one.
      if (error instanceof ServiceRefused) this.#token = undefined;
      throw error;
    }
  }

  async #accessToken(): Promise<string> {
    const known = await this.#token?.catch(() => undefined);
    if (known && this.options.clock.now() < known.until) return known.value;
    this.#token = this.#requestToken();
    return (await this.#token).value;
  }

  async #requestToken(): Promise<{ readonly value: string; readonly until: number }> {
    const { token_endpoint: endpoint } = await this.#discover();
    const form = this.#buildForm({ grant_type: 'client_credentials', scope: 'revocations:read' });
    const begun = this.options.clock.now();
    const tokens = await this.#request(this.#resolveEndpoint(endpoint), form, parseJson<TokenResponse>);
    return { value: tokens.access_token, until: begun + tokens.expires_in * 1000 - expiryMargin };
  }

  /** The service's metadata (RFC 8414), read once; a failed read is repeated at the next call. */
  async #discover(): Promise<Metadata> {
    this.#metadata ??= this.#readMetadata();
    try {
      return await this.#metadata;
    } catch (error) {
      this.#metadata = undefined;
      throw error;
    }
  }

  async #readMetadata(): Promise<Metadata> {
    const { url, issuer } = this.options;
    const metadata = await this.#request(
      `${url}/.well-known/oauth-authorization-server`,
      {},
      parseJson<Metadata>,
    );
    if (metadata.issuer !== issuer) {
      throw new ServiceRefused(
        `The service at ${url} says that its issuer is ${metadata.issuer}, and the guard expects ${issuer}. Set the guard's issuer to the service's LATCHKEY_ISSUER.`,
      );
    }
    return metadata;
  }

  /** Replaces the issuer at the start of an endpoint's URL by the base URL for requests. */
  #resolveEndpoint(endpoint: string): string {
    const { issuer, url } = this.options;
    return endpoint.startsWith(`${issuer}/`) ? url + endpoint.slice(issuer.length) : endpoint;
  }

  /** A form request with the client's authentication (RFC 6749 §2.3.1). */
  #buildForm(fields: Readonly<Record<string, string>>): RequestInit {
    const { id, secret } = this.options.client;
    const basic = Buffer.from([id, secret].map(encodeURIComponent).join(':')).toString('base64');
    return {
      method: 'POST',
      headers: { Authorization: `Basic ${basic}` },
      body: new URLSearchParams(fields),
    };
  }

  /**
   * @param read reads a successful response.
   * @throws {ServiceRefused} for status 400, 401, 403 and 404; an Error for other statuses and without a response.
   */
  async #request<T>(
    url: string,
    { signal, ...init }: RequestInit,
    read: (response: Response) => T | Promise<T>,
  ): Promise<T> {
    const late = new AbortController();
    const timer = setTimeout(() => {
      late.abort(new Error(`There was no response within ${responseTimeout / 1000} s.`));
    }, responseTimeout);
    try {
      const response = await this.options.fetch(url, {
        ...init,
        redirect: 'error',
        signal: AbortSignal.any([late.signal, ...(signal ? [signal] : [])]),
      });
      if (response.ok) return await read(response);
      const message = `The response was ${response.status}: ${(await response.text()).slice(0, 500)}`;
      throw [400, 401, 403, 404].includes(response.status) ? new ServiceRefused(message) : new Error(message);
    } catch (cause) {
      const Kind = cause instanceof ServiceRefused ? ServiceRefused : Error;
      throw new Kind(`${init.method ?? 'GET'} ${url} failed. ${describeFetchError(cause)}`, { cause });
    } finally {
      clearTimeout(timer);
    }
  }
}

async function parseJson<T>(response: Response): Promise<T> {
  return (await response.json()) as T;
}

/** The message of a network error is just "fetch failed"; the reason is in its cause. */
function describeFetchError(error: unknown): string {
  const { cause, message } = error as Error;
  return cause instanceof Error ? cause.message || String(cause) : message;
}
