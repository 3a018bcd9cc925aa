import type { ClientOptions, FetchResponse, MaybeOptionalInit } from 'openapi-fetch';
import createClient, { type Middleware } from 'openapi-fetch';
import type { HttpMethod, MediaType, PathsWithMethod, RequiredKeysOf } from 'openapi-typescript-helpers';
import { operations, type Operation } from '../generated/operations.js';
import type { paths } from '../generated/schema.js';
import { failureOf, unexpectedResponse } from './errors.js';

/** The result of an operation: openapi-fetch's, without the errors, which are thrown. */
type Result<Operation, Init> =
  Operation extends Record<string | number, unknown>
    ? { readonly data: Given<FetchResponse<Operation, Init, MediaType>['data']>; readonly response: Response }
    : never;

/**
 * The data of a successful response, without the `undefined` of failed ones. The type depends on the data alone, so that
 * it also works without `exactOptionalPropertyTypes`. Operations whose response lacks a body only with cookies have one.
 */
type Given<Data> = [Exclude<Data, undefined>] extends [never] ? undefined : Exclude<Data, undefined>;

type Parameters<Init> = RequiredKeysOf<Init> extends never ? [init?: Init] : [init: Init];

type Call<Method extends HttpMethod> = <
  Path extends PathsWithMethod<paths, Method>,
  Init extends MaybeOptionalInit<paths[Path], Method>,
>(
  path: Path,
  ...init: Parameters<Init>
) => Promise<Result<paths[Path][Method], Init>>;

/**
 * Every operation of the contract: `GET('/users', { params: { query: { limit: 10 } } })` resolves with `{data, response}`,
 * and rejects with a `LatchkeyError`, or without a response with the error of `fetch`.
 */
export type Api = { readonly [Method in HttpMethod as Uppercase<Method>]: Call<Method> };

/** @param middleware applied to requests in this order, and to responses in reverse. */
export function createApi(options: ClientOptions, ...middleware: readonly Middleware[]): Api {
  const client = createClient<paths>(options);
  client.use(throwFailures, ...middleware);
  // Its results have either data or an error; those with an error are thrown.
  return client as unknown as Api;
}

const throwFailures: Middleware = {
  onResponse: ({ request, schemaPath, response }) =>
    checkResponse(response, operations.get(`${request.method} ${schemaPath}`)),
};

/** @throws {LatchkeyError} the service refuses; or another error, for a response that is not the operation's */
export async function checkResponse(response: Response, operation: Operation | undefined): Promise<void> {
  if (response.status >= 400) throw await failureOf(response);
  if (operation && !operation.mediaTypes.includes(mediaTypeOf(response))) {
    throw await unexpectedResponse(response);
  }
}

/** Empty without a body, which a 204 and a 304 never have. */
function mediaTypeOf({ status, headers }: Response): string {
  if (status === 204 || status === 304) return '';
  const [mediaType = ''] = (headers.get('Content-Type') ?? '').split(';', 1);
  return mediaType.trim().toLowerCase();
}

/** The paths of paged lists. */
export type PagedPath = {
  [Path in keyof paths]: paths[Path] extends {
    get: { responses: { 200: { content: { 'application/json': Page } } } };
  }
    ? Path
    : never;
}[keyof paths];

interface Page {
  items: unknown[];
  next_cursor?: string;
}

/** An item of a path's list. */
export type Item<Path extends PagedPath> =
  paths[Path]['get']['responses'][200]['content']['application/json']['items'][number];

export type PageInit<Path extends PagedPath> = Parameters<MaybeOptionalInit<paths[Path], 'get'>>;

/** Fetches the pages one after the other, each when the items of the previous one have been consumed. */
export async function* itemsOf<Path extends PagedPath>(
  api: Api,
  path: Path,
  ...[init]: PageInit<Path>
): AsyncGenerator<Item<Path>, void, undefined> {
  const { params, ...rest } = (init ?? {}) as { params?: { query?: object } };
  // TypeScript cannot infer for a generic path what is true of each.
  const get = api.GET as unknown as (path: string, init: object) => Promise<{ data: Page }>;
  let cursor: string | undefined;
  do {
    const query = cursor === undefined ? params?.query : { ...params?.query, cursor };
    const { data } = await get(path, { ...rest, params: { ...params, query } });
    yield* data.items as Item<Path>[];
    cursor = data.next_cursor;
  } while (cursor !== undefined);
}
