/** What browsers do with passkeys, in JSON (WebAuthn Level 3). */
export interface PasskeyApi {
  create(options: object): Promise<object>;
  get(options: object): Promise<object>;
}

/** Why a browser gave no passkey. */
export function describeFailure(error: unknown, id: string, host: string): string {
  const { name = '' } = error as { readonly name?: string };
  if (host !== id && !host.endsWith(`.${id}`)) {
    return `Passkeys of this service work only at ${id}, and this page is at ${host}.`;
  }
  if (name === 'InvalidStateError') return 'This device already has a passkey for the account.';
  return 'No passkey was chosen.';
}
