// Makes access-tokens.json, with keys that nobody has afterwards: node --experimental-strip-types test/vectors/make.ts
import {
  constants,
  createHash,
  createHmac,
  generateKeyPairSync,
  sign,
  type JsonWebKey,
  type KeyObject,
  type SigningOptions,
} from 'node:crypto';
import { writeFileSync } from 'node:fs';

interface Token {
  readonly name: string;
  readonly token: string;
}

const now = Date.parse('2026-11-24T09:00:00Z') / 1000;
const issuer = 'http://latchkey.test';
const claims = {
  iss: issuer,
  sub: '0199f3c2-6d1e-7a44-8c5b-2f1d9e7a6b10',
  aud: issuer,
  exp: now + 900,
  iat: now,
  nbf: now,
  jti: 'b6f1c9ce-52c5-4b9f-a0a5-3d9a1b6f7a11',
  sid: '0199f3c2-7f00-7b12-9d3e-5a6b7c8d9e0f',
  ver: 0,
  client_id: 'latchkey',
  scope: 'reports:read',
  roles: ['reader'],
  auth_time: now,
  fresh: true,
};
const curves: Readonly<Record<string, string>> = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' };
const algorithms = ['ES256', 'ES384', 'ES512', 'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

const skipped = [
  ['a space', ' '],
  ['a tab', '\t'],
  ['a line break', '\n'],
  ['a carriage return', '\r'],
  ['a NUL', '\u0000'],
  ['a no-break space', '\u00a0'],
  ['a character that decoders skip', '~'],
  ['a full stop', '.'],
  ['padding', '='],
] as const;

const base64url = (data: string | Buffer): string => Buffer.from(data).toString('base64url');

function newKeys(
  algorithm: string,
  publicExponent = 65_537,
): { privateKey: KeyObject; publicKey: KeyObject } {
  const namedCurve = curves[algorithm];
  return namedCurve === undefined
    ? generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent })
    : generateKeyPairSync('ec', { namedCurve });
}

function signature(content: string, algorithm: string, key: KeyObject): Buffer {
  const options: SigningOptions = algorithm.startsWith('ES')
    ? { dsaEncoding: 'ieee-p1363' }
    : algorithm.startsWith('PS')
      ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
      : { padding: constants.RSA_PKCS1_PADDING };
  return sign(`sha${algorithm.slice(2)}`, Buffer.from(content), { key, ...options });
}

const keys: (JsonWebKey & { kid: string })[] = [];
const accepted: Token[] = [];
const refused: Token[] = [];
const publicJwk = (key: KeyObject, algorithm: string, kid: string): JsonWebKey & { kid: string } => ({
  ...key.export({ format: 'jwk' }),
  kid,
  use: 'sig',
  alg: algorithm,
});

for (const algorithm of algorithms) {
  const { privateKey, publicKey } = newKeys(algorithm);
  keys.push(publicJwk(publicKey, algorithm, algorithm));
  const header = { alg: algorithm, typ: 'at+jwt', kid: algorithm };
  const payload = base64url(JSON.stringify(claims));
  const content = `${base64url(JSON.stringify(header))}.${payload}`;
  let bytes = signature(content, algorithm, privateKey);
  const isRandom = !algorithm.startsWith('RS');
  // A leading zero byte, as one signature in 256 has.
  while (bytes[0] !== 0 && isRandom) bytes = signature(content, algorithm, privateKey);
  const end = base64url(bytes);
  const good = `${content}.${end}`;
  accepted.push({
    name: `${algorithm}${isRandom ? ', whose signature begins with a zero byte' : ''}`,
    token: good,
  });
  const refuse = (name: string, token: string): void => {
    if (token === good) throw new Error(`${algorithm}: ${name} is the token itself.`);
    refused.push({ name: `${algorithm}, ${name}`, token });
  };
  const [head = '', body = ''] = content.split('.');
  const spare = end.length % 4 === 0 ? 0 : 1;
  refuse('the signature without its first byte', `${content}.${base64url(bytes.subarray(1))}`);
  refuse('the signature without its last byte', `${content}.${base64url(bytes.subarray(0, -1))}`);
  refuse(
    'a zero byte before the signature',
    `${content}.${base64url(Buffer.concat([Buffer.alloc(1), bytes]))}`,
  );
  refuse(
    'a zero byte after the signature',
    `${content}.${base64url(Buffer.concat([bytes, Buffer.alloc(1)]))}`,
  );
  refuse('no signature', `${content}.`);
  refuse('padding of the signature', `${good}${'='.repeat((4 - (end.length % 4)) % 4 || 1)}`);
  if (spare > 0) {
    const last = alphabet.indexOf(end.slice(-1));
    refuse('spare bits of the signature that are set', `${good.slice(0, -1)}${alphabet[last + 1] ?? ''}`);
  }
  refuse('a character of plain base64 in the signature', `${content}.${end.slice(0, -2)}+${end.slice(-1)}`);
  // What decoders skip is the same for all algorithms.
  const characters = ['ES256', 'PS256'].includes(algorithm) ? skipped : [];
  for (const [name, character] of characters) {
    refuse(`${name} before the token`, `${character}${good}`);
    refuse(`${name} after the token`, `${good}${character}`);
    refuse(`${name} in the header`, `${head.slice(0, 8)}${character}${head.slice(8)}.${body}.${end}`);
    refuse(`${name} in the claims`, `${head}.${body.slice(0, 8)}${character}${body.slice(8)}.${end}`);
    refuse(`${name} in the signature`, `${content}.${end.slice(0, 8)}${character}${end.slice(8)}`);
  }
  const own = (name: string, headerText: string): void => {
    const other = `${base64url(headerText)}.${payload}`;
    refuse(name, `${other}.${base64url(signature(other, algorithm, privateKey))}`);
  };
  own('white space in the header, signed', JSON.stringify(header, undefined, 1));
  own('a line break after the header, signed', `${JSON.stringify(header)}\n`);
  own('an algorithm twice, signed', `{"alg":"none",${JSON.stringify(header).slice(1)}`);
  own('a key id twice, signed', `{"kid":"other",${JSON.stringify(header).slice(1)}`);
  own('a header with escapes, signed', JSON.stringify(header).replace('at+jwt', 'at\\u002bjwt'));
  own('a critical header, signed', JSON.stringify({ ...header, crit: ['b64'], b64: true }));
  own('an empty list of critical headers, signed', JSON.stringify({ ...header, crit: [] }));
  own('another type, signed', JSON.stringify({ ...header, typ: 'JWT' }));
  own('no type, signed', JSON.stringify({ alg: algorithm, kid: algorithm }));
  own(
    'another algorithm, signed',
    JSON.stringify({ ...header, alg: algorithm === 'RS256' ? 'PS256' : 'RS256' }),
  );
  own('a key id that is a list, signed', JSON.stringify({ ...header, kid: [algorithm] }));
  // JWT_ACCESS_TOKEN_TYPE=JWT: the header says no more than that it is a JWT, so a claim has to say what it is.
  const ofType = (typ: unknown, said: object): string => {
    const other = [{ ...header, typ }, said].map((part) => base64url(JSON.stringify(part))).join('.');
    return `${other}.${base64url(signature(other, algorithm, privateKey))}`;
  };
  const token_use = 'access_token';
  accepted.push({
    name: `${algorithm}, of the type JWT, whose claims say that it is an access token`,
    token: ofType('JWT', { ...claims, token_use }),
  });
  if (algorithm !== 'ES256') continue;
  for (const typ of ['jwt', 'application/JWT']) {
    accepted.push({ name: `the same, of the type ${typ}`, token: ofType(typ, { ...claims, token_use }) });
  }
  for (const use of ['id_token', 'refresh_token', 'access', 'Access_Token', '', null, true, [token_use]]) {
    refuse(
      `of the type JWT and the use ${JSON.stringify(use)}`,
      ofType('JWT', { ...claims, token_use: use }),
    );
  }
  for (const typ of ['', null, 'rt+jwt', 'id_token+jwt', 'logout+jwt', 'jwt2', 'x/jwt', ['JWT']]) {
    const name = `of the type ${JSON.stringify(typ)}, with the use of an access token`;
    refuse(name, ofType(typ, { ...claims, token_use }));
  }
  const { iss, sub, exp, iat, auth_time } = claims;
  const idToken = { iss, sub, aud: issuer, exp, iat, auth_time, nonce: 'n-0S6_WzA2Mj' };
  refuse('an ID token', ofType('JWT', idToken));
  refuse('an ID token with the use of an access token', ofType('JWT', { ...idToken, token_use }));
  refuse('an ID token of the type of an access token', ofType('at+jwt', idToken));
  const assertion = { iss: sub, sub, aud: issuer, exp, iat, jti: 'a' };
  refuse("a client's assertion", ofType('JWT', assertion));
  refuse("a client's assertion with the use of an access token", ofType('JWT', { ...assertion, token_use }));
  refuse(
    'another issuer’s access token of the type JWT',
    ofType('JWT', { ...claims, iss: 'http://elsewhere.test', token_use }),
  );
  refuse(
    'a name that is no text, in an access token of the type JWT',
    ofType('JWT', { ...claims, preferred_username: ['ada'], token_use }),
  );
}

/** Keys that must not be used, each with a token that is signed with it, or by those who have it not. */
const badKeys: { name: string; jwk: JsonWebKey & { kid: string }; token: string }[] = [];

function bad(name: string, jwk: JsonWebKey, makeSignature: (content: string) => Buffer): void {
  const kid = `bad ${badKeys.length}`;
  const alg = String(jwk['alg']);
  const content = [{ alg, typ: 'at+jwt', kid }, claims]
    .map((part) => base64url(JSON.stringify(part)))
    .join('.');
  badKeys.push({ name, jwk: { ...jwk, kid }, token: `${content}.${base64url(makeSignature(content))}` });
}

const rsa = newKeys('RS256');
const rsaJwk = publicJwk(rsa.publicKey, 'RS256', '');
const ec = newKeys('ES256');
const ecJwk = publicJwk(ec.publicKey, 'ES256', '');
/** EMSA-PKCS1-v1_5 (RFC 8017 §9.2), which is its own signature where the exponent is 1. */
const encoded = (content: string, length = 256): Buffer => {
  const prefix = Buffer.from('3031300d060960864801650304020105000420', 'hex');
  const end = Buffer.concat([prefix, createHash('sha256').update(content).digest()]);
  const padding = Buffer.alloc(length - 3 - end.length, 255);
  return Buffer.concat([Buffer.from([0, 1]), padding, Buffer.alloc(1), end]);
};
const withRsa = (content: string): Buffer => signature(content, 'RS256', rsa.privateKey);
const withEc = (content: string): Buffer => signature(content, 'ES256', ec.privateKey);
const ofExponent = (exponent: number): void => {
  const pair = newKeys('RS256', exponent);
  bad(`RSA with the public exponent ${exponent}`, publicJwk(pair.publicKey, 'RS256', ''), (content) =>
    signature(content, 'RS256', pair.privateKey),
  );
};
bad('RSA with the public exponent 1', { ...rsaJwk, e: 'AQ' }, encoded);
bad('RSA with the public exponent 1 after zero bytes', { ...rsaJwk, e: 'AAAB' }, encoded);
bad('RSA with the public exponent 0', { ...rsaJwk, e: 'AA' }, withRsa);
bad('RSA with no public exponent', { ...rsaJwk, e: '' }, withRsa);
ofExponent(3);
ofExponent(17);
ofExponent(65_535);
bad('RSA with an even public exponent', { ...rsaJwk, e: 'AQAC' }, withRsa);
bad('RSA with a public exponent of 72 bits', { ...rsaJwk, e: 'AQAAAAAAAAAB' }, withRsa);
const small = generateKeyPairSync('rsa', { modulusLength: 1024 });
bad('RSA of 1024 bits', publicJwk(small.publicKey, 'RS256', ''), (content) =>
  signature(content, 'RS256', small.privateKey),
);
bad(
  'RSA of 1024 bits after zero bytes',
  {
    ...rsaJwk,
    n: base64url(
      Buffer.concat([
        Buffer.alloc(128),
        Buffer.from(small.publicKey.export({ format: 'jwk' }).n ?? '', 'base64url'),
      ]),
    ),
  },
  (content) => signature(content, 'RS256', small.privateKey),
);
bad('RSA of 16,392 bits', { ...rsaJwk, n: base64url(Buffer.alloc(2049, 255)) }, withRsa);
bad(
  'RSA with an even modulus',
  { ...rsaJwk, n: base64url(Buffer.from([...Buffer.from(rsaJwk.n ?? '', 'base64url').subarray(0, -1), 2])) },
  withRsa,
);
const toBytes = (value: bigint, length: number): Buffer =>
  Buffer.from(value.toString(16).padStart(2 * length, '0'), 'hex');
const computePower = (base: bigint, exponent: bigint, modulus: bigint): bigint => {
  let result = 1n;
  for (const bit of exponent.toString(2)) {
    result = (result * result) % modulus;
    if (bit === '1') result = (result * base) % modulus;
  }
  return result;
};
/** The factors of a modulus give the private key: this one is a power of 751, of 2,054 bits. */
const powerOf751 = 751n ** 215n;
bad('RSA with small factors', { ...rsaJwk, n: base64url(toBytes(powerOf751, 257)) }, (content) => {
  const order = (powerOf751 / 751n) * 750n;
  // The inverse of the public exponent modulo the order is (1 + k * order) / 65537, for the k with which that is whole.
  let k = 1n;
  while ((1n + k * order) % 65_537n !== 0n) k += 1n;
  const privateExponent = (1n + k * order) / 65_537n;
  const message = BigInt(`0x${encoded(content, 257).toString('hex')}`);
  return toBytes(computePower(message, privateExponent, powerOf751), 257);
});
bad('a point that is not on its curve', { ...ecJwk, y: ecJwk.x ?? '' }, withEc);
bad('a coordinate that is too short', { ...ecJwk, x: base64url(Buffer.alloc(31, 1)) }, withEc);
bad('a curve that is not known', { ...ecJwk, crv: 'secp256k1' }, withEc);
bad('a curve of another name', { ...ecJwk, crv: 'constructor' }, withEc);
bad('EC with its private member', { ...ec.privateKey.export({ format: 'jwk' }), alg: 'ES256' }, withEc);
bad('RSA with its private members', { ...rsa.privateKey.export({ format: 'jwk' }), alg: 'RS256' }, withRsa);
bad('a key for encryption', { ...ecJwk, use: 'enc' }, withEc);
bad('a key for other operations', { ...ecJwk, key_ops: ['sign'] }, withEc);
bad('an algorithm that the key is not for', { ...ecJwk, alg: 'RS256' }, withRsa);
bad(
  'a shared secret',
  { kty: 'oct', k: base64url('a secret of 32 characters or more'), alg: 'HS256' },
  (content) => createHmac('sha256', 'a secret of 32 characters or more').update(content).digest(),
);

writeFileSync(
  new URL('access-tokens.json', import.meta.url),
  `${JSON.stringify({ now, issuer, keys, accepted, refused, badKeys }, undefined, 2)}\n`,
);
