import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isoCBOR } from '@simplewebauthn/server/helpers';
import { expect } from 'chai';
import type { PasskeyAssertion, PasskeyRegistration } from '../../src/passkeys/passkeys.models.js';
import {
  readChallenge,
  verifyAssertion,
  verifyRegistration,
  WebAuthnError,
  type RegisteredCredential,
} from '../../src/passkeys/webauthn.js';
import { Authenticator, toCose, type Deviation } from '../support/authenticator.js';
import { checkout } from '../support/checkout.js';

interface Vector {
  readonly title: string;
  readonly credentialId: string;
  readonly registration: { readonly challenge: string } & PasskeyRegistration['response'];
  readonly authentication: { readonly challenge: string } & PasskeyAssertion['response'];
}

/** The values of WebAuthn Level 3, section "Test Vectors", in base64url. */
const { vectors } = JSON.parse(
  readFileSync(join(checkout, 'test/passkeys/webauthn-vectors.json'), 'utf8'),
) as { readonly vectors: readonly Vector[] };

const relyingParty = { id: 'example.org', origins: ['https://example.org'] };
const refused: Readonly<Record<string, string>> = {
  'ES256 Credential with "crossOrigin": true in clientDataJSON': 'frame',
  'ES256 Credential with "topOrigin" in clientDataJSON': 'frame',
  'Packed Attestation with ES384 Credential': 'public key alg',
  'Packed Attestation with ES512 Credential': 'public key alg',
  'Packed Attestation with Ed448 Credential': 'public key alg',
};

async function messageOf(verifying: Promise<unknown>): Promise<string> {
  try {
    await verifying;
  } catch (error) {
    expect(error).to.be.instanceOf(WebAuthnError);
    return (error as Error).message;
  }
  throw new Error('It was accepted.');
}

function register(
  registration: PasskeyRegistration,
  challenge: string,
  userVerification = false,
): Promise<RegisteredCredential> {
  return verifyRegistration(relyingParty, registration, { challenge, userVerification });
}

describe('The vectors of WebAuthn Level 3', () => {
  for (const { title, credentialId: id, registration, authentication } of vectors) {
    const common = { id, rawId: id, type: 'public-key' as const };
    const created: PasskeyRegistration = { ...common, response: registration };
    const got: PasskeyAssertion = { ...common, response: authentication };
    const both = async (): Promise<RegisteredCredential> => {
      expect(readChallenge(created)).to.equal(registration.challenge);
      const made = await register(created, registration.challenge);
      expect(readChallenge(got)).to.equal(authentication.challenge);
      const expected = { challenge: authentication.challenge, userVerification: false };
      await verifyAssertion(relyingParty, got, made, expected);
      return made;
    };

    const reason = refused[title];
    if (reason !== undefined) {
      it(`are refused: ${title}`, async () => {
        expect(await messageOf(both())).to.include(reason);
      });
      continue;
    }

    it(`are accepted: ${title}`, async () => {
      expect(await both()).to.include({ id, signCount: 0 });
    });

    it(`are refused with a bit changed: ${title}`, async () => {
      const made = await both();
      const signature = Buffer.from(authentication.signature, 'base64url');
      signature[signature.length - 1] = (signature.at(-1) ?? 0) ^ 1;
      const changed = { ...got, response: { ...authentication, signature: signature.toString('base64url') } };
      const expected = { challenge: authentication.challenge, userVerification: false };
      expect(await messageOf(verifyAssertion(relyingParty, changed, made, expected))).not.to.be.empty;
    });
  }

  it('are all there', () => {
    expect(vectors).to.have.length(15);
  });
});

const challenge = 'AMMPt4UxxGTStncdq417YDwBFi8vpIa-pw8oOuVW4TA';
const options = {
  challenge,
  rp: { id: 'example.org', name: 'example.org' },
  user: { id: 'AZnzwm0eekSMWy8dnnprEA', name: 'ada', displayName: 'ada' },
};

describe('A new credential', () => {
  const refusalOf = async (deviation: Deviation, userVerification = true): Promise<string> => {
    const authenticator = new Authenticator({ origin: 'https://example.org' });
    return messageOf(register(authenticator.create(options, deviation), challenge, userVerification));
  };

  for (const algorithm of ['ES256', 'EdDSA', 'RS256'] as const) {
    it(`may have a key of ${algorithm}`, async () => {
      const authenticator = new Authenticator({ origin: 'https://example.org', algorithm });
      const made = await register(authenticator.create(options), challenge, true);
      expect(made).to.include({ id: authenticator.id, userVerified: true, backedUp: false });
      const assertion = authenticator.get({ challenge, rpId: 'example.org' });
      const expected = { challenge, userVerification: true };
      const verified = await verifyAssertion(relyingParty, assertion, made, expected);
      const flags = { userVerified: true, backupEligible: false, backedUp: false };
      expect(verified).to.deep.equal({ signCount: 1, ...flags });
      const unknown = { ...made, backupEligible: undefined };
      expect(await verifyAssertion(relyingParty, assertion, unknown, expected)).to.deep.include(flags);
    });
  }

  const cases: readonly (readonly [string, Deviation, string])[] = [
    ['of another origin', { origin: 'https://example.org.evil.test' }, 'origin'],
    ['of the same host over another scheme', { origin: 'http://example.org' }, 'origin'],
    ['of another relying party', { rpId: 'evil.test' }, 'RP ID'],
    ['of another challenge', { challenge: 'AAAA' }, 'challenge'],
    ['that is a login', { type: 'webauthn.get' }, 'type'],
    ['without a touch', { userPresent: false }, 'presence'],
    ['without a PIN', { userVerified: false }, 'verification'],
    [
      'with a key of an unknown algorithm',
      {
        publicKey: new Map([
          [1, 2],
          [3, -65_000],
        ]),
      },
      'alg',
    ],
    ['with a key without an algorithm', { publicKey: new Map([[1, 2]]) }, 'alg'],
    [
      'with a key that is no point of its curve',
      {
        publicKey: new Map<number, number | Uint8Array>([
          ...([
            [1, 2],
            [3, -7],
            [-1, 1],
          ] as const),
          ...([
            [-2, new Uint8Array(32).fill(1)],
            [-3, new Uint8Array(32).fill(1)],
          ] as const),
        ]),
      },
      '',
    ],
  ];
  for (const [name, deviation, reason] of cases) {
    it(`is refused: ${name}`, async () => {
      expect(await refusalOf(deviation)).to.include(reason);
    });
  }

  for (const bits of [1024, 8192]) {
    it(`is refused with a key of RSA with ${bits} bits`, async () => {
      const e = Buffer.from([1, 0, 1]).toString('base64url');
      const n = Buffer.alloc(bits / 8, 255).toString('base64url');
      expect(await refusalOf({ publicKey: toCose({ kty: 'RSA', n, e }) })).to.match(/key/);
    });
  }

  it('has nothing of its attestation looked at: no certificate, and no address in one', async () => {
    const attStmt = new Map<string, unknown>([
      ['alg', -7],
      ['sig', new Uint8Array(70)],
      ['x5c', [new Uint8Array(500)]],
    ]);
    const authenticator = new Authenticator({ origin: 'https://example.org' });
    const attestation = { fmt: 'packed', attStmt };
    const made = await register(authenticator.create(options, { attestation }), challenge);
    expect(made.id).to.equal(authenticator.id);
  });

  it('is refused with an id that is not that of its key', async () => {
    const created = new Authenticator({ origin: 'https://example.org' }).create(options);
    const other = { ...created, id: 'AAAA', rawId: 'AAAA' };
    expect(await messageOf(register(other, challenge))).to.include('id');
    expect(await messageOf(register({ ...created, rawId: 'AAAA' }, challenge))).to.include('ID');
  });

  const bombs: Readonly<Record<string, Buffer>> = {
    'lists in lists, 15,000 deep': Buffer.alloc(15_000, 0x81),
    'maps in maps': Buffer.from('a100'.repeat(7000), 'hex'),
    'tags in tags': Buffer.alloc(15_000, 0xc0),
    'a list of 2^64 - 1 members': Buffer.from('9bffffffffffffffff00', 'hex'),
    'a text of 4 GiB': Buffer.from('7affffffff', 'hex'),
    'nothing of CBOR': Buffer.from('not cbor'),
    'authenticator data that is a number': Buffer.from(
      isoCBOR.encode(
        new Map<string, string | number | Map<never, never>>([
          ['fmt', 'none'],
          ['attStmt', new Map<never, never>()],
          ['authData', 1],
        ]),
      ),
    ),
  };
  for (const [name, bytes] of Object.entries(bombs)) {
    it(`is refused where its attestation object is ${name}`, async () => {
      const created = new Authenticator({ origin: 'https://example.org' }).create(options);
      const attestationObject = bytes.toString('base64url');
      const response = { ...created.response, attestationObject };
      const began = process.cpuUsage();
      await messageOf(register({ ...created, response }, challenge));
      expect(process.cpuUsage(began).user / 1000).to.be.below(1000);
    });
  }

  for (const text of ['', 'null', '[]', '{', '{"challenge":1}', '"challenge"']) {
    it(`has no challenge in a clientDataJSON of ${text || 'nothing'}`, () => {
      const clientDataJSON = Buffer.from(text).toString('base64url');
      expect(() => readChallenge({ response: { clientDataJSON } })).to.throw(WebAuthnError);
    });
  }
});

describe('What a passkey has signed', () => {
  const expected = { challenge, userVerification: true };
  let authenticator: Authenticator;
  let made: RegisteredCredential;
  before(async () => {
    authenticator = new Authenticator({ origin: 'https://example.org' });
    made = await register(authenticator.create(options), challenge);
  });

  const cases: readonly (readonly [string, Deviation, string])[] = [
    ['for another origin', { origin: 'https://evil.test' }, 'origin'],
    ['for another relying party', { rpId: 'evil.test' }, 'RP ID'],
    ['for another challenge', { challenge: 'AAAA' }, 'challenge'],
    ['for a registration', { type: 'webauthn.create' }, 'type'],
    ['without a touch', { userPresent: false }, 'present'],
    ['without a PIN', { userVerified: false }, 'verification'],
    ['as a passkey that may be backed up, which it was not', { backupEligible: true }, 'backed up'],
  ];
  for (const [name, deviation, reason] of cases) {
    it(`is refused: ${name}`, async () => {
      const assertion = authenticator.get({ challenge, rpId: 'example.org' }, deviation);
      expect(await messageOf(verifyAssertion(relyingParty, assertion, made, expected))).to.include(reason);
    });
  }

  it('is refused with the key of another', async () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const other = isoCBOR.encode(toCose(publicKey.export({ format: 'jwk' })));
    const assertion = authenticator.get({ challenge, rpId: 'example.org' });
    const stored = { ...made, publicKey: other };
    expect(await messageOf(verifyAssertion(relyingParty, assertion, stored, expected))).to.include(
      'signature',
    );
  });
});
