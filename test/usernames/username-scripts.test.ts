import { expect } from 'chai';
import fc from 'fast-check';
import { isSingleScript, computeSkeletonKey, computeSkeleton } from '../../src/usernames/username-scripts.js';

describe('isSingleScript (UTS 39 §5.2)', () => {
  for (const name of [
    'ada',
    'ada7',
    'Zoë',
    'дарья',
    'дарья_7',
    '山田太郎',
    'カナとかな漢字',
    'Sony株式会社',
    '김철수abc',
    'λόγος',
    '7',
    '@',
  ]) {
    it(`accepts ${name}`, () => {
      expect(isSingleScript(name)).to.be.true;
    });
  }
  for (const [what, name] of [
    ['Latin with a Cyrillic letter', 'p\u0430ypal'],
    ['Cyrillic with a Latin letter', 'д\u0061рья'],
    ['Latin with a Greek letter', 'g\u03bfogle'],
    ['Greek with Cyrillic', 'λ\u0430'],
    ['Japanese with Korean', 'カ김'],
    ['Latin with Cherokee', 'Ꭺda'],
    ['Cyrillic with Chinese', 'д山'],
  ] as const) {
    it(`refuses ${what}`, () => {
      expect(isSingleScript(name)).to.be.false;
    });
  }
});

describe('Skeletons (UTS 39 §4)', () => {
  for (const [one, other] of [
    ['pace', 'расе'],
    ['paypal', 'paypa1'],
    ['paypal', 'paypaI'],
    ['paypal', 'PAYPAL'.toLowerCase()],
    ['microsoft', 'rnicrosoft'],
    ['google', 'g00gle'],
    ['scope', 'ѕсоре'],
    ['zoë', 'zoe\u0308'],
    ['ada', 'ａｄａ'],
  ] as const) {
    it(`are equal for ${one} and ${JSON.stringify(other)}`, () => {
      expect(computeSkeletonKey(one)).to.equal(computeSkeletonKey(other));
    });
  }

  for (const [one, other] of [
    ['ada', 'eda'],
    ['user1', 'user2'],
    ['zoe', 'zoë'],
    ['дарья', 'марья'],
  ] as const) {
    it(`differ for ${one} and ${other}`, () => {
      expect(computeSkeletonKey(one)).not.to.equal(computeSkeletonKey(other));
    });
  }

  it('do not change when they are computed a third time', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 20 }), (name) => {
        const skeleton = computeSkeleton(name);
        expect(computeSkeleton(skeleton)).to.equal(computeSkeleton(computeSkeleton(skeleton)));
      }),
    );
  });
});
