import { expect } from 'chai';
import fc from 'fast-check';
import { KeySealing, UnsealError } from '../../src/keys/key-sealing.js';

describe('A sealed key', () => {
  const text = fc.string({ unit: 'grapheme' });
  const sealing = new KeySealing('the secret of this test, 32 or more');

  it('opens with the secret and the context that it was sealed with', () => {
    fc.assert(
      fc.property(text, text, text, (secret, context, plaintext) => {
        const sealed = new KeySealing(secret).seal(plaintext, context);
        expect(new KeySealing(secret).unseal(sealed, context)).to.equal(plaintext);
      }),
    );
  });

  it('does not open with another secret', () => {
    fc.assert(
      fc.property(text, text, (secret, plaintext) => {
        const sealed = sealing.seal(plaintext, 'access k1');
        expect(() => new KeySealing(secret).unseal(sealed, 'access k1')).to.throw(UnsealError);
      }),
    );
  });

  it('does not open as that of another key or purpose', () => {
    fc.assert(
      fc.property(text, text, text, (context, other, plaintext) => {
        fc.pre(context !== other);
        const sealed = sealing.seal(plaintext, context);
        expect(() => sealing.unseal(sealed, other)).to.throw(UnsealError);
      }),
    );
  });

  it('does not open once a bit of it is another', () => {
    fc.assert(
      fc.property(text, fc.nat(), fc.nat(7), (plaintext, position, bit) => {
        const bytes = Buffer.from(sealing.seal(plaintext, 'access k1'), 'base64url');
        const at = position % bytes.length;
        bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << bit), at);
        expect(() => sealing.unseal(bytes.toString('base64url'), 'access k1')).to.throw(UnsealError);
      }),
    );
  });

  it('does not open cut short', () => {
    fc.assert(
      fc.property(text, fc.nat(), (plaintext, position) => {
        const sealed = sealing.seal(plaintext, 'access k1');
        const short = sealed.slice(0, position % sealed.length);
        expect(() => sealing.unseal(short, 'access k1')).to.throw(UnsealError);
      }),
    );
  });

  it('is another each time, so that equal keys do not show', () => {
    expect(sealing.seal('the same', 'access k1')).not.to.equal(sealing.seal('the same', 'access k1'));
  });
});
