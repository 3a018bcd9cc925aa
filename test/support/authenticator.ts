import {
  createHash,
  generateKeyPairSync,
  randomBytes,
  sign,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto';
import { isoCBOR } from '@simplewebauthn/server/helpers';
import type {
  PasskeyAssertion,
  PasskeyCreationOptions,
  PasskeyRegistration,
  PasskeyRequestOptions,
} from '../../src/passkeys/passkeys.models.js';

export type Algorithm = 'ES256' | 'EdDSA' | 'RS256';

/** What an authenticator or a browser does otherwise than it should. */
export interface Deviation {
  readonly origin?: string;
  readonly rpId?: string;
  readonly challenge?: string;
  readonly type?: string;
  readonly clientData?: object;
  /** Bits of the flags that are set, or not, against the authenticator's own. */
  readonly userPresent?: boolean;
  readonly userVerified?: boolean;
  readonly backupEligible?: boolean;
  readonly signCount?: number;
  /** Undefined: none. */
  readonly userHandle?: string | undefined;
  /** Makes another signature of what is signed. */
  readonly forge?: (content: Buffer) => Buffer;
  /** In the place of the COSE key. */
  readonly publicKey?: Map<number, number | Uint8Array>;
  readonly attestation?: { readonly fmt: string; readonly attStmt: Map<string, unknown> };
}

interface Options {
  readonly origin: string;
  readonly algorithm?: Algorithm;
  readonly userVerified?: boolean;
  /** A passkey that is shared among devices, which counts no signatures. */
  readonly synced?: boolean;
}

/** An authenticator with one credential, and the browser before it. */
export class Authenticator {
  readonly credentialId = randomBytes(32);
  readonly #pair: { readonly publicKey: KeyObject; readonly privateKey: KeyObject };
  #signCount = 0;
  #userHandle: string | undefined;

  constructor(private readonly options: Options) {
    this.#pair = generatePair(options.algorithm ?? 'ES256');
  }

  get id(): string {
    return this.credentialId.toString('base64url');
  }

  /** As a COSE_Key. */
  get publicKey(): Buffer {
    return Buffer.from(isoCBOR.encode(toCose(this.#pair.publicKey.export({ format: 'jwk' }))));
  }

  /** `navigator.credentials.create`. */
  create(
    options: Pick<PasskeyCreationOptions, 'challenge' | 'rp' | 'user'>,
    deviation: Deviation = {},
  ): PasskeyRegistration {
    this.#userHandle = options.user.id;
    const key = deviation.publicKey ?? toCose(this.#pair.publicKey.export({ format: 'jwk' }));
    const { fmt = 'none', attStmt = new Map<string, never>() } = deviation.attestation ?? {};
    const authData = Buffer.concat([
      this.#header(options.rp.id, { attested: true }, deviation),
      Buffer.alloc(16),
      Buffer.from([this.credentialId.length >> 8, this.credentialId.length & 255]),
      this.credentialId,
      isoCBOR.encode(key),
    ]);
    const attestation = new Map<string, unknown>([
      ['fmt', fmt],
      ['attStmt', attStmt],
      ['authData', new Uint8Array(authData)],
    ]);
    return {
      id: this.id,
      rawId: this.id,
      type: 'public-key',
      authenticatorAttachment: 'platform',
      clientExtensionResults: { credProps: { rk: true } },
      response: {
        clientDataJSON: this.#clientData('webauthn.create', options.challenge, deviation),
        attestationObject: base64url(isoCBOR.encode(attestation as Map<string, never>)),
        authenticatorData: base64url(authData),
        publicKeyAlgorithm: -7,
        transports: ['internal', 'hybrid'],
      },
    };
  }

  /** `navigator.credentials.get`. */
  get(
    options: Pick<PasskeyRequestOptions, 'challenge' | 'rpId'>,
    deviation: Deviation = {},
  ): PasskeyAssertion {
    if (this.options.synced !== true) this.#signCount += 1;
    const authData = this.#header(options.rpId, { attested: false }, deviation);
    const clientDataJSON = this.#clientData('webauthn.get', options.challenge, deviation);
    const hash = createHash('sha256').update(Buffer.from(clientDataJSON, 'base64url')).digest();
    const digest = this.options.algorithm === 'EdDSA' ? null : 'sha256';
    const content = Buffer.concat([authData, hash]);
    const signature = deviation.forge?.(content) ?? sign(digest, content, this.#pair.privateKey);
    const handle = 'userHandle' in deviation ? deviation.userHandle : this.#userHandle;
    return {
      id: this.id,
      rawId: this.id,
      type: 'public-key',
      authenticatorAttachment: 'platform',
      clientExtensionResults: {},
      response: {
        clientDataJSON,
        authenticatorData: base64url(authData),
        signature: base64url(signature),
        ...(handle !== undefined && { userHandle: handle }),
      },
    };
  }

  /** WebAuthn §6.1. */
  #header(rpId: string, { attested }: { readonly attested: boolean }, deviation: Deviation): Buffer {
    const { userPresent = true, userVerified = this.options.userVerified ?? true } = deviation;
    const { backupEligible = this.options.synced ?? false } = deviation;
    const flags =
      (userPresent ? 1 : 0) | (userVerified ? 4 : 0) | (backupEligible ? 8 | 16 : 0) | (attested ? 64 : 0);
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(deviation.signCount ?? this.#signCount);
    return Buffer.concat([
      createHash('sha256')
        .update(deviation.rpId ?? rpId)
        .digest(),
      Buffer.from([flags]),
      counter,
    ]);
  }

  #clientData(type: string, challenge: string, deviation: Deviation): string {
    return base64url(
      Buffer.from(
        JSON.stringify({
          type: deviation.type ?? type,
          challenge: deviation.challenge ?? challenge,
          origin: deviation.origin ?? this.options.origin,
          crossOrigin: false,
          ...deviation.clientData,
        }),
      ),
    );
  }
}

function generatePair(algorithm: Algorithm) {
  if (algorithm === 'EdDSA') return generateKeyPairSync('ed25519');
  if (algorithm === 'RS256') return generateKeyPairSync('rsa', { modulusLength: 2048 });
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

/** RFC 9053 §7 and RFC 8230 §4. */
export function toCose({ kty, x, y, n, e }: JsonWebKey): Map<number, number | Uint8Array> {
  const bytes = (text: string | undefined) => new Uint8Array(Buffer.from(text ?? '', 'base64url'));
  if (kty === 'RSA')
    return new Map<number, number | Uint8Array>([
      [1, 3],
      [3, -257],
      [-1, bytes(n)],
      [-2, bytes(e)],
    ]);
  if (kty === 'OKP')
    return new Map<number, number | Uint8Array>([
      [1, 1],
      [3, -8],
      [-1, 6],
      [-2, bytes(x)],
    ]);
  return new Map<number, number | Uint8Array>([
    [1, 2],
    [3, -7],
    [-1, 1],
    [-2, bytes(x)],
    [-3, bytes(y)],
  ]);
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}
