import type { PasskeyApi } from './passkeys.js';

/** Where this page is by a name: browsers have no passkeys for addresses. @returns undefined where it is not at one. */
export function findNamedAddress({ href, hostname } = location): string | undefined {
  if (!/^127\.|^\[::1\]$/.test(hostname)) return undefined;
  const named = new URL(href);
  named.hostname = 'localhost';
  named.hash = '';
  return named.href;
}

/** @returns undefined where the browser has no passkeys for this page, or not yet the JSON of Level 3. */
export function findPasskeyApi(): PasskeyApi | undefined {
  // Without HTTPS there is none, whatever the type says.
  const api = (globalThis as { readonly PublicKeyCredential?: typeof PublicKeyCredential })
    .PublicKeyCredential;
  if (findNamedAddress() !== undefined || api === undefined || !('parseRequestOptionsFromJSON' in api))
    return undefined;
  const toJson = (credential: Credential | null): object => (credential as PublicKeyCredential).toJSON();
  return {
    create: async (options) => {
      const publicKey = api.parseCreationOptionsFromJSON(options as PublicKeyCredentialCreationOptionsJSON);
      return toJson(await navigator.credentials.create({ publicKey }));
    },
    get: async (options) => {
      const publicKey = api.parseRequestOptionsFromJSON(options as PublicKeyCredentialRequestOptionsJSON);
      return toJson(await navigator.credentials.get({ publicKey }));
    },
  };
}
