import { generateSecret, generateURI, verifySync } from 'otplib';

/** Seconds for which a code is shown (RFC 6238 §4.1). */
const period = 30;
const codePattern = /^[0-9]{6}$/;

/** Whether a text has the form of a code, which no recovery code has. */
export function isTotpCode(text: string): boolean {
  return codePattern.test(text);
}

/** 160 bits in base32 (RFC 4226 §4, R6). */
export function generateTotpSecret(): string {
  return generateSecret({ length: 20 });
}

/**
 * What authenticator apps read: https://github.com/google/google-authenticator/wiki/Key-Uri-Format
 * @param issuer the service, as the app shows it.
 */
export function buildTotpUri(secret: string, issuer: string, username: string): string {
  // The colon stands between the two.
  return generateURI({ secret, issuer: issuer.replaceAll(':', ' '), label: username.replaceAll(':', ' ') });
}

/** Which of the periods since the Unix epoch it is (RFC 6238 §4.2). @param epoch seconds. */
export function computeTotpStep(epoch: number): number {
  return Math.floor(epoch / period);
}

/**
 * Checks a code of the current step, or of the one before or after it: clocks differ, and people type slowly.
 * @param now milliseconds since the Unix epoch.
 * @param lastStep the step of the last code that was accepted, and not this one.
 * @returns the step of the code; undefined where it is wrong, or was accepted before.
 */
export function findTotpStep(
  secret: string,
  code: string,
  { now, lastStep }: { readonly now: number; readonly lastStep: number },
): number | undefined {
  if (!isTotpCode(code)) return undefined;
  const epoch = Math.floor(now / 1000);
  const result = verifySync({ secret, token: code, epoch, period, epochTolerance: period });
  if (!result.valid) return undefined;
  const step = computeTotpStep(epoch) + result.delta;
  return step > lastStep ? step : undefined;
}
