import type {
  PasskeyAssertion,
  PasskeyCreationOptions,
  PasskeyRegistration,
  PasskeyRequestOptions,
} from '../generated/schema.js';
import { toAssertion, toCreationOptions, toRegistration, toRequestOptions } from './passkey-json.js';

/**
 * Why the browser gave no passkey:
 * - `aborted`: by the `signal`, or because another request for a passkey took its place
 * - `not_allowed`: the user has canceled, or has none, or waited for too long (browsers do not say which), or a frame may not ask
 * - `unsupported`: this browser has no passkeys, or the page is neither HTTPS nor localhost, or there is no autofill
 * - `already_registered`: this device has one for the account
 * - `wrong_domain`: the service's passkeys are for the pages of another domain
 */
export type PasskeyErrorCode =
  | 'aborted'
  | 'not_allowed'
  | 'unsupported'
  | 'already_registered'
  | 'wrong_domain';

const codes: Readonly<Record<string, PasskeyErrorCode>> = {
  NotAllowedError: 'not_allowed',
  NotSupportedError: 'unsupported',
  InvalidStateError: 'already_registered',
  SecurityError: 'wrong_domain',
};

const messages: Readonly<Record<PasskeyErrorCode, string>> = {
  aborted: 'The request for a passkey was aborted.',
  not_allowed: 'No passkey was chosen.',
  unsupported: 'This browser has no passkeys on this page, which must be at https:// or http://localhost.',
  already_registered: 'This device already has a passkey for the account.',
  wrong_domain: "The service's passkeys are for pages of another domain (LATCHKEY_PASSKEY_RP_ID).",
};

/** The browser gave no passkey. The service was not asked. */
export class PasskeyError extends Error {
  override readonly name = 'PasskeyError';

  constructor(
    readonly code: PasskeyErrorCode,
    options?: ErrorOptions,
  ) {
    super(messages[code], options);
  }
}

/**
 * Whether the browser can offer passkeys among the autofill of a name's field, which has
 * `autocomplete="username webauthn"`. `signInWithPasskey({ autofill: true })` throws where it cannot.
 */
export async function canAutofillPasskeys(): Promise<boolean> {
  const { PublicKeyCredential: api } = globalThis as {
    readonly PublicKeyCredential?: Partial<typeof PublicKeyCredential>;
  };
  return (await api?.isConditionalMediationAvailable?.()) ?? false;
}

export async function createPasskey(
  options: PasskeyCreationOptions,
  signal: AbortSignal,
): Promise<PasskeyRegistration> {
  const publicKey = toCreationOptions(options);
  return toRegistration(await ask(signal, () => navigator.credentials.create({ publicKey, signal })));
}

export async function getPasskey(
  options: PasskeyRequestOptions,
  { autofill, signal }: { readonly autofill: boolean; readonly signal: AbortSignal },
): Promise<PasskeyAssertion> {
  if (autofill && !(await canAutofillPasskeys())) throw new PasskeyError('unsupported');
  const publicKey = toRequestOptions(options);
  const request = { publicKey, signal, ...(autofill && { mediation: 'conditional' as const }) };
  return toAssertion(await ask(signal, () => navigator.credentials.get(request)));
}

async function ask(
  signal: AbortSignal,
  request: () => Promise<Credential | null>,
): Promise<PublicKeyCredential> {
  if (!('PublicKeyCredential' in globalThis)) throw new PasskeyError('unsupported');
  try {
    const credential = await request();
    if (credential === null) throw new PasskeyError('not_allowed');
    return credential as PublicKeyCredential;
  } catch (cause) {
    const code = signal.aborted ? 'aborted' : codes[(cause as Error).name];
    throw code === undefined ? cause : new PasskeyError(code, { cause });
  }
}
