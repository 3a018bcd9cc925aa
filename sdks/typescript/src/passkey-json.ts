import type {
  PasskeyAssertion,
  PasskeyCreationOptions,
  PasskeyDescriptor,
  PasskeyRegistration,
  PasskeyRequestOptions,
} from '../generated/schema.js';

// Browsers have this since 2024 or 2025 (WebAuthn Level 3). Older ones do not, and password managers that put themselves
// in their place return credentials without toJSON.

/** What `navigator.credentials.create` takes, of the service's options. */
export function toCreationOptions(options: PasskeyCreationOptions): PublicKeyCredentialCreationOptions {
  return {
    ...options,
    challenge: decode(options.challenge),
    user: { ...options.user, id: decode(options.user.id) },
    excludeCredentials: options.excludeCredentials.map(toDescriptor),
  };
}

/** What `navigator.credentials.get` takes, of the service's options. */
export function toRequestOptions(options: PasskeyRequestOptions): PublicKeyCredentialRequestOptions {
  return {
    ...options,
    challenge: decode(options.challenge),
    allowCredentials: options.allowCredentials.map(toDescriptor),
  };
}

/** What the service takes, of what `navigator.credentials.create` has made. */
export function toRegistration(credential: PublicKeyCredential): PasskeyRegistration {
  const response = credential.response as AuthenticatorAttestationResponse;
  const transports = (response as Partial<AuthenticatorAttestationResponse>).getTransports?.();
  return {
    ...identify(credential),
    response: {
      clientDataJSON: encode(response.clientDataJSON),
      attestationObject: encode(response.attestationObject),
      ...(transports && { transports }),
    },
  };
}

/** What the service takes, of what `navigator.credentials.get` has signed. */
export function toAssertion(credential: PublicKeyCredential): PasskeyAssertion {
  const response = credential.response as AuthenticatorAssertionResponse;
  return {
    ...identify(credential),
    response: {
      clientDataJSON: encode(response.clientDataJSON),
      authenticatorData: encode(response.authenticatorData),
      signature: encode(response.signature),
      ...(response.userHandle && { userHandle: encode(response.userHandle) }),
    },
  };
}

function toDescriptor({ id, ...rest }: PasskeyDescriptor): PublicKeyCredentialDescriptor {
  return { ...rest, id: decode(id) } as PublicKeyCredentialDescriptor;
}

function identify({ rawId }: PublicKeyCredential): Pick<PasskeyAssertion, 'id' | 'rawId' | 'type'> {
  const id = encode(rawId);
  return { id, rawId: id, type: 'public-key' };
}

function encode(buffer: ArrayBuffer): string {
  const text = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join('');
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

function decode(text: string): Uint8Array<ArrayBuffer> {
  const decoded = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(decoded, (character) => character.charCodeAt(0));
}
