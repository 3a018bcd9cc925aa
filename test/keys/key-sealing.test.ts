import { expect } from 'chai';
import fc from 'fast-check';
import { KeySealing, UnsealError } from '../../src/keys/key-sealing.js';

describe('A sealed key', () => {
  const text = fc.string({ unit: 'grapheme' });
  const sealing = new KeySealing('the secret of this test, 32 or more');

  it('can be decrypted with the secret and the context that encrypted it', () => {
    fc.assert(
      fc.property(text, text, text, (secret, context, plaintext) => {
        const sealed = new KeySealing(secret).seal(plaintext, context);
        expect(new KeySealing(secret).unseal(sealed, context)).to.equal(plaintext);
      }),
    );
  });

  it('cannot be decrypted with another secret', () => {
    fc.assert(
      fc.property(text, text, (secret, plaintext) => {
        const sealed = sealing.seal(plaintext, 'access k1');
        expect(() => new KeySealing(secret).unseal(sealed, 'access k1')).to.throw(UnsealError);
      }),
    );
  });

  it('cannot be decrypted as that of another key or purpose', () => {
    fc.assert(
      fc.property(text, text, text, (context, other, plaintext) => {
        fc.pre(context !== other);
        const sealed = sealing.seal(plaintext, context);
        expect(() => sealing.unseal(sealed, other)).to.throw(UnsealError);
      }),
    );
  });

  it('cannot be decrypted after a bit was changed', () => {
    fc.assert(
      fc.property(text, fc.nat(), fc.nat(7), (plaintext, position, bit) => {
        const bytes = Buffer.from(sealing.seal(plaintext, 'access k1'), 'base64url');
        const at = position % bytes.length;
        bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << bit), at);
        expect(() => sealing.unseal(bytes.toString('base64url'), 'access k1')).to.throw(UnsealError);
      }),
    );
  });

  it('cannot be decrypted if it is truncated', () => {
    fc.assert(
      fc.property(text, fc.nat(), (plaintext, position) => {
        const sealed = sealing.seal(plaintext, 'access k1');
        const short = sealed.slice(0, position % sealed.length);
        expect(() => sealing.unseal(short, 'access k1')).to.throw(UnsealError);
      }),
    );
  });

  it('is different each time, so that equal keys are not recognizable', () => {
    expect(sealing.seal('the same', 'access k1')).not.to.equal(sealing.seal('the same', 'access k1'));
  });
});
