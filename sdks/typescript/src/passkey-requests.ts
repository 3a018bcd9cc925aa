import type { PasskeyAssertion, PasskeyRegistration, PasskeyUse } from '../generated/schema.js';
import type { Api } from './api.js';
import type { SecondFactorDemand } from './errors.js';
import { createPasskey, getPasskey } from './passkeys.js';

export interface PasskeySignIn {
  /** What a login with a password asked for: `secondFactor` of its error. */
  readonly secondFactor?: SecondFactorDemand;
  /** Whose passkey it shall be; without it the user chooses among all that there are for the service. */
  readonly username?: string;
  /**
   * Offers passkeys among the autofill of a field with `autocomplete="username webauthn"`, and waits until one is chosen.
   * Any other request for a passkey ends it, and so does `signal`; see `canAutofillPasskeys`.
   */
  readonly autofill?: boolean;
  /** Has the service not ask on this browser again, where it may remember devices. */
  readonly rememberDevice?: boolean;
  /** Ends the request. */
  readonly signal?: AbortSignal;
}

/** Asks the browser for passkeys: for one at a time, because it can do no more. */
export class PasskeyRequests {
  #open: AbortController | undefined;

  /** @param api calls the service without a bearer token. */
  constructor(private readonly api: Api) {}

  /** @param api calls the service for the account that gets the passkey. */
  async create(api: Api, use?: PasskeyUse, signal?: AbortSignal): Promise<PasskeyRegistration> {
    const ends = this.#begin(signal);
    const { data } = await api.POST('/me/passkeys/options', { body: use ? { use } : {} });
    return createPasskey(data, ends);
  }

  async get({ secondFactor, username, autofill = false, signal }: PasskeySignIn): Promise<PasskeyAssertion> {
    const ends = this.#begin(signal);
    const body = {
      ...(secondFactor && { login_token: secondFactor.loginToken }),
      ...(username !== undefined && { username }),
    };
    for (;;) {
      const { data } = await this.api.POST('/login/passkey/options', { body });
      if (!autofill) return getPasskey(data, { autofill, signal: ends });
      // The user may leave a page open for longer than a challenge is good for; the next one is asked for in time.
      const old = AbortSignal.timeout(data.timeout * 0.9);
      try {
        return await getPasskey(data, { autofill, signal: AbortSignal.any([ends, old]) });
      } catch (error) {
        if (!old.aborted || ends.aborted) throw error;
      }
    }
  }

  /** Ends the request that is open. @returns what ends the next one. */
  #begin(signal: AbortSignal | undefined): AbortSignal {
    this.#open?.abort();
    this.#open = new AbortController();
    return signal ? AbortSignal.any([signal, this.#open.signal]) : this.#open.signal;
  }
}
