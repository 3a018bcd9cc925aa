/** The second factors of a user, as another application has them. */
export interface ForeignFactors {
  /** The secret of an authenticator app with 6 digits of SHA-1 each 30 seconds, in base32. */
  readonly totpSecret?: string | undefined;
  /** As this service stores them: they are of use with the user's id alone. */
  readonly recoveryCodeHashes?: readonly string[];
  readonly passkeys?: readonly ForeignPasskey[];
  /** What cannot be taken over, and why: to be read after "has". */
  readonly unusable?: readonly string[];
}

/** Times are milliseconds since the Unix epoch. */
export interface ForeignPasskey {
  /** Base64url, as the public key, which is a COSE_Key. */
  readonly credentialId: string;
  readonly publicKey: string;
  readonly name: string;
  readonly transports: readonly string[];
  readonly aaguid: string;
  readonly signCount: number;
  readonly passwordless: boolean;
  /** Undefined: the application does not know. */
  readonly backupEligible: boolean | undefined;
  readonly backedUp: boolean;
  readonly createdAt: number | undefined;
  readonly lastUsedAt: number | undefined;
  /** What the authenticator names its user, as in the database; undefined: by the id here. */
  readonly userHandle?: string | undefined;
}

/** Bytes of secrets that an app and this service can use: 128 bits are the least (RFC 4226 §4, R6). */
const minSecretLength = 16;
const maxSecretLength = 64;
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** RFC 4648 §6, without padding, as apps take it. */
export function toBase32(bytes: Uint8Array): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{1,5}/g) ?? [])
    .map((group) => alphabet[parseInt(group.padEnd(5, '0'), 2)] ?? '')
    .join('');
}

/** @returns the secret as apps show it; or why it cannot be used, to be read after "has". */
export function readTotpSecret(text: string): { readonly secret: string } | { readonly error: string } {
  const secret = text.replaceAll(/[\s=-]/g, '').toUpperCase();
  if (!/^[A-Z2-7]+$/.test(secret)) return { error: 'an authenticator app whose secret is not base32' };
  const length = Math.floor((secret.length * 5) / 8);
  if (length < minSecretLength || length > maxSecretLength) {
    return {
      error: `an authenticator app whose secret has ${length} bytes: ${minSecretLength} to ${maxSecretLength} are taken`,
    };
  }
  return { secret };
}

/** What an app must compute, for its codes to be those that are compared here. */
export const supportedTotp = '6 digits of SHA-1 each 30 seconds';

/** Of an authenticator that does not say its model (WebAuthn §6.5.1). */
export const noAaguid = '00000000-0000-0000-0000-000000000000';
