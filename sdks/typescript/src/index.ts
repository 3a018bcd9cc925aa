export { LatchkeyClient, type LatchkeyOptions, type LoginOptions } from './client.js';
export type { PasskeySignIn } from './passkey-requests.js';
export type { PendingStorage } from './pending-requests.js';
export { canAutofillPasskeys, PasskeyError, type PasskeyErrorCode } from './passkeys.js';
export { uploadOf } from './upload.js';
export {
  LatchkeyError,
  LatchkeyOAuthError,
  UnexpectedResponseError,
  type SecondFactorDemand,
  type StepUpDemand,
} from './errors.js';
export { browserStorage, memoryStorage, type StoredTokens, type TokenStorage } from './storage.js';
export type { Api, Item, PagedPath } from './api.js';
export type * from '../generated/schema.js';
/** The codes that a `LatchkeyError` has. */
export { problemCodeValues as problemCodes } from '../generated/schema.js';
