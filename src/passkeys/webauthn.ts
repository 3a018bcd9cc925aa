import { publicKeyAlgorithms, validateCoseKey } from './cose-key.js';
import type { RelyingParty } from './relying-party.js';

/** As long as that of RSA with 4096 bits. */
const maxKeyLength = 600;

/** Why a credential is refused, in words for the log and for the person who registers it. */
export class WebAuthnError extends Error {
  override readonly name = 'WebAuthnError';
}

interface Credential {
  readonly id: string;
  readonly rawId: string;
  readonly type: 'public-key';
}

/** What `navigator.credentials.create` gives, as JSON with its bytes as base64url. */
export interface CreatedCredential extends Credential {
  readonly response: {
    readonly clientDataJSON: string;
    readonly attestationObject: string;
    readonly transports?: readonly string[];
  };
}

/** What `navigator.credentials.get` gives. */
export interface SignedCredential extends Credential {
  readonly response: {
    readonly clientDataJSON: string;
    readonly authenticatorData: string;
    readonly signature: string;
    readonly userHandle?: string;
  };
}

interface Expected {
  /** As it was in the options. */
  readonly challenge: string;
  /** Whether the authenticator must have verified who uses it, by a PIN or a finger. */
  readonly userVerification: boolean;
}

/** A new credential. */
export interface RegisteredCredential {
  /** Base64url. */
  readonly id: string;
  /** COSE_Key (RFC 9052 §7). */
  readonly publicKey: Uint8Array;
  readonly signCount: number;
  readonly userVerified: boolean;
  readonly backupEligible: boolean;
  readonly backedUp: boolean;
  /** The model of the authenticator; all zeros where it does not say. */
  readonly aaguid: string;
}

export interface StoredCredential {
  readonly id: string;
  readonly publicKey: Uint8Array;
  /** Undefined: it is not known. */
  readonly backupEligible: boolean | undefined;
}

/** A signature that was right. */
export interface VerifiedAssertion {
  readonly signCount: number;
  readonly userVerified: boolean;
  readonly backupEligible: boolean;
  readonly backedUp: boolean;
}

type Library = Awaited<ReturnType<typeof loadLibrary>>;

/**
 * Loaded with the first credential: the libraries under it take 28 MB.
 * @see docs/dependencies.md
 */
async function loadLibrary() {
  const [server, helpers] = await Promise.all([
    import('@simplewebauthn/server'),
    import('@simplewebauthn/server/helpers'),
  ]);
  return { ...server, ...helpers };
}

/**
 * The challenge that a browser has signed. Nothing is verified yet.
 * @throws {WebAuthnError}
 */
export function readChallenge({
  response: { clientDataJSON },
}: {
  readonly response: { readonly clientDataJSON: string };
}): string {
  let data: unknown;
  try {
    data = JSON.parse(Buffer.from(clientDataJSON, 'base64url').toString());
  } catch (cause) {
    throw new WebAuthnError('its clientDataJSON is not JSON', { cause });
  }
  const { challenge, crossOrigin, topOrigin } = (data ?? {}) as Readonly<Record<string, unknown>>;
  // §7.1 and §7.2: no page of another site is expected to show this one in a frame.
  if (crossOrigin === true || topOrigin !== undefined)
    throw new WebAuthnError('it was made in a frame on a page of another origin');
  if (typeof challenge !== 'string') throw new WebAuthnError('its clientDataJSON has no challenge');
  return challenge;
}

/**
 * WebAuthn §7.1. What the attestation says of the authenticator's maker is neither asked for nor looked at: to verify it,
 * certificates would have to be followed to addresses that the sender chooses.
 * @throws {WebAuthnError}
 */
export async function verifyRegistration(
  { id, origins }: RelyingParty,
  { id: credentialId, rawId, type, response }: CreatedCredential,
  { challenge, userVerification }: Expected,
): Promise<RegisteredCredential> {
  const library = await loadLibrary();
  const { decodeAttestationObject, isoCBOR, isoBase64URL } = library;
  return refuseErrors(async () => {
    const given = decodeAttestationObject(isoBase64URL.toBuffer(response.attestationObject));
    const authData: unknown = given.get('authData');
    if (!(authData instanceof Uint8Array)) throw new WebAuthnError('it has no authenticator data');
    const withoutAttestation = isoCBOR.encode(
      new Map<string, string | Uint8Array | Map<never, never>>([
        ['fmt', 'none'],
        ['attStmt', new Map<never, never>()],
        ['authData', authData],
      ]),
    );
    const { verified, registrationInfo } = await library.verifyRegistrationResponse({
      response: {
        ...{ id: credentialId, rawId, type, clientExtensionResults: {} },
        response: {
          clientDataJSON: response.clientDataJSON,
          attestationObject: isoBase64URL.fromBuffer(withoutAttestation),
        },
      },
      expectedChallenge: challenge,
      expectedOrigin: [...origins],
      expectedRPID: id,
      requireUserVerification: userVerification,
      supportedAlgorithmIDs: [...publicKeyAlgorithms],
    });
    if (!verified) throw new WebAuthnError('it is not valid');
    const { credential, aaguid, userVerified, credentialDeviceType, credentialBackedUp } = registrationInfo;
    if (credential.id !== credentialId) throw new WebAuthnError('its id is not that of its key');
    assertUsableKey(library, credential.publicKey);
    return {
      id: credential.id,
      publicKey: credential.publicKey,
      signCount: credential.counter,
      userVerified,
      backupEligible: credentialDeviceType === 'multiDevice',
      backedUp: credentialBackedUp,
      aaguid,
    };
  });
}

/**
 * WebAuthn §7.2, except that the caller compares the credential's owner and counter with what is stored.
 * @throws {WebAuthnError}
 */
export async function verifyAssertion(
  { id, origins }: RelyingParty,
  assertion: SignedCredential,
  stored: StoredCredential,
  { challenge, userVerification }: Expected,
): Promise<VerifiedAssertion> {
  const library = await loadLibrary();
  const { clientDataJSON, authenticatorData, signature } = assertion.response;
  return refuseErrors(async () => {
    const publicKey = new Uint8Array(stored.publicKey);
    // Earlier versions stored keys that are refused now.
    assertUsableKey(library, publicKey);
    const { verified, authenticationInfo } = await library.verifyAuthenticationResponse({
      response: {
        ...{ id: assertion.id, rawId: assertion.rawId, type: assertion.type },
        response: { clientDataJSON, authenticatorData, signature },
        clientExtensionResults: {},
      },
      expectedChallenge: challenge,
      expectedOrigin: [...origins],
      expectedRPID: id,
      requireUserVerification: userVerification,
      // Compared in the statement that moves it, so that of two at once one is refused.
      credential: { id: stored.id, publicKey, counter: 0 },
    });
    if (!verified) throw new WebAuthnError('its signature is wrong');
    const { newCounter, userVerified, credentialBackedUp, credentialDeviceType } = authenticationInfo;
    // §7.2: whether it may be copied does not change.
    const backupEligible = credentialDeviceType === 'multiDevice';
    if (stored.backupEligible !== undefined && backupEligible !== stored.backupEligible)
      throw new WebAuthnError('whether it may be backed up has changed');
    return { signCount: newCounter, userVerified, backupEligible, backedUp: credentialBackedUp };
  });
}

/** The library, and the CBOR under it, throw errors of many kinds for what a client has sent. */
async function refuseErrors<T>(verify: () => Promise<T>): Promise<T> {
  try {
    return await verify();
  } catch (cause) {
    if (cause instanceof WebAuthnError) throw cause;
    throw new WebAuthnError((cause as Error).message, { cause });
  }
}

/**
 * Whether it is a key that an authenticator could have made, for one that comes from elsewhere.
 * @throws {WebAuthnError}
 */
export async function assertUsablePublicKey(publicKey: Uint8Array<ArrayBuffer>): Promise<void> {
  const library = await loadLibrary();
  await refuseErrors(() => {
    assertUsableKey(library, publicKey);
    return Promise.resolve();
  });
}

/** @throws {WebAuthnError} */
function assertUsableKey(library: Library, publicKey: Uint8Array<ArrayBuffer>): void {
  if (publicKey.byteLength > maxKeyLength) throw new WebAuthnError('its key is too long');
  const error = validateCoseKey(library.decodeCredentialPublicKey(publicKey));
  if (error !== undefined) throw new WebAuthnError(`its key ${error}`);
}
