export { LatchkeyClient, type LatchkeyOptions } from './client.js';
export { uploadOf } from './upload.js';
export { LatchkeyError, LatchkeyOAuthError, UnexpectedResponseError } from './errors.js';
export { browserStorage, memoryStorage, type StoredTokens, type TokenStorage } from './storage.js';
export type { Api, Item, PagedPath } from './api.js';
export type * from '../generated/schema.js';
/** The codes that a `LatchkeyError` has. */
export { problemCodeValues as problemCodes } from '../generated/schema.js';
