export { LatchkeyClient, type LatchkeyOptions, type LoginOptions, type PasskeySignIn } from './client.js';
export { toAssertion, toCreationOptions, toRegistration, toRequestOptions } from './passkey-json.js';
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
