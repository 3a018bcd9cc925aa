import type { PasskeyApi } from './passkeys.js';

/** @returns undefined where the browser has no passkeys, or not yet the JSON of Level 3. */
export function findPasskeyApi(): PasskeyApi | undefined {
  // Without HTTPS there is none, whatever the type says.
  const api = (globalThis as { readonly PublicKeyCredential?: typeof PublicKeyCredential })
    .PublicKeyCredential;
  if (api === undefined || !('parseRequestOptionsFromJSON' in api)) return undefined;
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
