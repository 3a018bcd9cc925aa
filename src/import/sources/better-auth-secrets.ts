import { createCipheriv, createDecipheriv, createHash } from 'node:crypto';

/** What better-auth encrypts with. */
export interface BetterAuthSecrets {
  /** Of what names no version. */
  readonly plain: string | undefined;
  readonly versions: ReadonlyMap<string, string>;
}

/** `BETTER_AUTH_SECRET`, and `BETTER_AUTH_SECRETS` in the form `2:the new one,1:the old one`. */
export function readBetterAuthSecrets(
  environment: Readonly<Record<string, string | undefined>>,
): BetterAuthSecrets {
  const { BETTER_AUTH_SECRET: plain, BETTER_AUTH_SECRETS: several = '' } = environment;
  const versions = several
    .split(',')
    .map((each) => /^(\d+):(.+)$/.exec(each.trim()))
    .flatMap((match): [string, string][] => (match?.[1] && match[2] ? [[match[1], match[2]]] : []));
  return { plain, versions: new Map(versions) };
}

const envelope = /^\$ba\$(\d+)\$([0-9a-f]+)$/i;
const nonceLength = 24;
const tagLength = 16;

/**
 * Decrypts what better-auth's `symmetricEncrypt` has written: in hexadecimal a nonce and XChaCha20-Poly1305 with the SHA-256 of
 * the secret as the key, behind the secret's version where there are several.
 * @returns undefined where none of the secrets opens it.
 */
export function decryptBetterAuth(text: string, { plain, versions }: BetterAuthSecrets): string | undefined {
  const [, version, inEnvelope] = envelope.exec(text) ?? [];
  const secret = version === undefined ? plain : versions.get(version);
  const sealed = inEnvelope ?? text;
  if (secret === undefined || !/^(?:[0-9a-f]{2})+$/i.test(sealed)) return undefined;
  const bytes = Buffer.from(sealed, 'hex');
  if (bytes.length < nonceLength + tagLength) return undefined;
  const key = createHash('sha256').update(secret).digest();
  return decryptXChaCha20(key, bytes)?.toString('utf8');
}

/**
 * draft-irtf-cfrg-xchacha-03 §2.3: ChaCha20-Poly1305 with a key that HChaCha20 derives from the first part of the nonce.
 * @param sealed nonce, ciphertext and tag.
 * @returns undefined where the tag is wrong.
 */
export function decryptXChaCha20(key: Buffer, sealed: Buffer, additionalData?: Buffer): Buffer | undefined {
  const subkey = deriveKey(key, sealed.subarray(0, 16));
  const iv = Buffer.concat([Buffer.alloc(4), sealed.subarray(16, nonceLength)]);
  const decipher = createDecipheriv('chacha20-poly1305', subkey, iv, { authTagLength: tagLength });
  const ciphertext = sealed.subarray(nonceLength, -tagLength);
  if (additionalData) decipher.setAAD(additionalData, { plaintextLength: ciphertext.length });
  decipher.setAuthTag(sealed.subarray(-tagLength));
  const plaintext = decipher.update(ciphertext);
  try {
    decipher.final();
  } catch {
    return undefined;
  }
  return plaintext;
}

/**
 * HChaCha20 (§2.2) by ChaCha20 as OpenSSL has it: a block of its key stream is the same state after the same rounds, to which
 * ChaCha20 has added the state before them.
 */
function deriveKey(key: Buffer, nonce: Buffer): Buffer {
  const block = createCipheriv('chacha20', key, nonce).update(Buffer.alloc(64));
  const constants = Buffer.from('expand 32-byte k');
  const derived = Buffer.alloc(32);
  for (let word = 0; word < 16; word += 4) {
    derived.writeUInt32LE((block.readUInt32LE(word) - constants.readUInt32LE(word)) >>> 0, word);
    derived.writeUInt32LE((block.readUInt32LE(48 + word) - nonce.readUInt32LE(word)) >>> 0, 16 + word);
  }
  return derived;
}
