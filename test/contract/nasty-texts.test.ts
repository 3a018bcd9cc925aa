import { expect } from 'chai';
import { readContract } from '../support/repository-contract.js';
import { resolveOptions } from '../../src/guard/options.js';
import { settings, type Setting } from '../../src/config/settings.js';
import { createNastyTexts, createNastyBodyTexts } from '../support/nasty-texts.js';

/** What grows with the square of it would take minutes, and the test's own timeout ends it. */
const longest = 1024 * 1024;

describe('Long texts that are expensive to match', () => {
  it('are matched in linear time by every pattern of the contract', () => {
    const patterns = [...readContract().text.matchAll(/"pattern": ?("(?:[^"\\]|\\.)*")/g)].map(
      ([, quoted = '']) => JSON.parse(quoted) as string,
    );
    expect(patterns).not.to.be.empty;
    const texts = createNastyBodyTexts(longest);
    for (const pattern of new Set(patterns)) {
      const expression = new RegExp(pattern);
      for (const text of texts) expression.test(text);
    }
  });

  it('are parsed in linear time by every setting', () => {
    const values = ['', 'https://a/', 'sqlite:', 'postgres://a:'].flatMap((beginning) =>
      createNastyTexts(longest / 8).map((text) => `${beginning}${text}`),
    );
    for (const { parse } of Object.values<Setting<unknown>>(settings)) {
      for (const value of values) {
        try {
          parse(value);
        } catch {
          // Refused, as most are.
        }
      }
    }
  });

  it('are checked in linear time by the options of the guard', () => {
    for (const text of createNastyTexts(longest)) {
      try {
        resolveOptions({ issuer: `https://a/${text}`, audience: text, client: { id: text, secret: text } });
      } catch (error) {
        expect(error).to.be.instanceOf(TypeError);
      }
    }
  });
});
