import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const algorithm = 'aes-256-gcm';
const nonceLength = 12;
const tagLength = 16;

/** The secret does not decrypt the text: it was encrypted with another secret, or was altered. */
export class UnsealError extends Error {
  override readonly name = 'UnsealError';
}

/** Encrypts private keys (AES-256-GCM) with a key derived from `LATCHKEY_SECRET`. */
export class KeySealing {
  readonly #key: Buffer;

  /** @param secret any string; HKDF-SHA-256 (RFC 5869) derives 32 bytes from it. */
  constructor(secret: string) {
    this.#key = Buffer.from(hkdfSync('sha256', secret, 'latchkey', 'key encryption', 32));
  }

  /**
   * @param context what the text belongs to, such as its key id and purpose: text that is moved to another row cannot be
   *   decrypted there.
   * @returns base64url of nonce ‖ ciphertext ‖ tag.
   */
  seal(plaintext: string, context: string): string {
    const nonce = randomBytes(nonceLength);
    const cipher = createCipheriv(algorithm, this.#key, nonce).setAAD(Buffer.from(context));
    return Buffer.concat([
      nonce,
      cipher.update(plaintext, 'utf8'),
      cipher.final(),
      cipher.getAuthTag(),
    ]).toString('base64url');
  }

  /** @throws {UnsealError} if secret, context or text differ from those of `seal`. */
  unseal(sealed: string, context: string): string {
    const bytes = Buffer.from(sealed, 'base64url');
    if (bytes.length < nonceLength + tagLength) throw new UnsealError('The sealed text is too short.');
    const decipher = createDecipheriv(algorithm, this.#key, bytes.subarray(0, nonceLength), {
      authTagLength: tagLength,
    })
      .setAAD(Buffer.from(context))
      .setAuthTag(bytes.subarray(-tagLength));
    try {
      return (
        decipher.update(bytes.subarray(nonceLength, -tagLength), undefined, 'utf8') + decipher.final('utf8')
      );
    } catch (cause) {
      throw new UnsealError('The secret does not open the sealed text.', { cause });
    }
  }
}
