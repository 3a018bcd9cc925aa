import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import jwt from 'jsonwebtoken';

export type PeerAlgorithm = 'HS256' | 'ES256';

/** Access tokens for the peers, of the size of Latchkey's, and what verifies them. */
export interface PeerTokens {
  readonly algorithm: PeerAlgorithm;
  /** The shared secret, or the public key as PEM. */
  readonly verificationKey: string;
  /** A file of values for the Authorization header. */
  readonly file: string;
}

const subjects = 100;
const lifetime = 3600;

export function makePeerTokens(algorithm: PeerAlgorithm, count: number, folder: string): PeerTokens {
  const { signingKey, verificationKey } = makeKey(algorithm);
  const now = Math.floor(Date.now() / 1000);
  const users = Array.from({ length: subjects }, () => randomUUID());
  const lines = Array.from({ length: count }, (_, index) => {
    const claims = {
      iss: 'http://127.0.0.1:3000',
      sub: users[index % subjects],
      aud: 'http://127.0.0.1:3000',
      exp: now + lifetime,
      iat: now,
      nbf: now,
      jti: randomUUID(),
      sid: randomUUID(),
      client_id: 'latchkey',
      scope: '',
      roles: [],
      auth_time: now,
      fresh: true,
      type: 'access', // Flask-JWT-Extended looks for it
    };
    return `Bearer ${jwt.sign(claims, signingKey, { algorithm })}\n`;
  });
  const file = join(folder, `tokens-${algorithm}`);
  writeFileSync(file, lines.join(''));
  return { algorithm, verificationKey, file };
}

function makeKey(algorithm: PeerAlgorithm): {
  readonly signingKey: string;
  readonly verificationKey: string;
} {
  if (algorithm === 'HS256') {
    const secret = randomBytes(32).toString('base64url');
    return { signingKey: secret, verificationKey: secret };
  }
  const { privateKey, publicKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  return { signingKey: privateKey, verificationKey: publicKey };
}
