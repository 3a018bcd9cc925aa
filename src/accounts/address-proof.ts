import type { AccountTokenRow } from '../database/schema.js';
import { createAppLink } from '../email/app-links.js';
import { hashOpaqueToken } from '../keys/opaque-tokens.js';
import { createAccountToken, createCode, formatCode, hashCode } from './account-tokens.js';

/** Minutes in which somebody can prove to have an address. */
export const proofLifetime = 60;

/**
 * The link and the code by which a user proves to have an address: that of the account, or a new one that takes its place.
 * @param now milliseconds since the Unix epoch.
 * @returns what is stored of them, and the message that has them.
 */
export function createAddressProof<Purpose extends AccountTokenRow['purpose']>(
  purpose: Purpose,
  appUrl: string,
  now: number,
) {
  const token = createAccountToken(purpose);
  const hash = hashOpaqueToken(token);
  const code = createCode();
  const expiresAt = now + proofLifetime * 60_000;
  return {
    columns: {
      ...{ token_hash: hash, purpose, code_hash: hashCode(code, hash) },
      ...{ created_at: now, expires_at: expiresAt },
    },
    message: {
      template: 'address_verification',
      expiresAt,
      variables: {
        link: createAppLink(appUrl, 'verify-email', token),
        code: formatCode(code),
        minutes: proofLifetime,
      },
    },
  } as const;
}
