import { readFileSync } from 'node:fs';
import { ZxcvbnFactory } from '@zxcvbn-ts/core';
import * as common from '@zxcvbn-ts/language-common';
import * as german from '@zxcvbn-ts/language-de';
import * as english from '@zxcvbn-ts/language-en';
import { expect } from 'chai';
import { PasswordStrength } from '../../src/passwords/password-strength.js';
import { readStrengthWords, strengthWordsFile } from '../../src/passwords/strength-words.js';

const given = ['alice', 'Straußwirt'];

/** Of the packages themselves, with the limits of the thread. */
function createEstimator(): ZxcvbnFactory {
  return new ZxcvbnFactory({
    dictionary: {
      ...common.dictionary,
      ...english.dictionary,
      'commonWords-de': german.dictionary.commonWords,
      'firstnames-de': german.dictionary.firstnames,
      'lastnames-de': german.dictionary.lastnames,
      'wikipedia-de': german.dictionary.wikipedia,
    },
    graphs: common.adjacencyGraphs,
    maxLength: 64,
    l33tMaxSubstitutions: 10,
  });
}

/** Words of each list, alone and changed as people change them, and some of no list. */
function listPasswords(): string[] {
  const lists = [...Object.values(common.dictionary), ...Object.values(english.dictionary)];
  const words = [...lists, ...Object.values(german.dictionary)].flatMap(
    (list: readonly (string | number)[]) =>
      [0, 0.3, 0.7].map((part) => String(list[Math.floor(part * list.length)])),
  );
  const changed = words.flatMap((word, index) => [
    word,
    `${word.replace('a', '4').replace('e', '3')}${index}!`,
    `${word[0]?.toUpperCase()}${word.slice(1)}${words[(index * 7 + 3) % words.length]}`,
    Array.from(word).reverse().join(''),
  ]);
  return [
    ...changed,
    'qwertzuiop',
    'zaq12wsx',
    '1998-04-17',
    'aaaaaaaa',
    'abcdefgh',
    'k7#Vx!pq2LmZ',
    'alice1',
  ];
}

describe('The words that strengths of passwords are estimated with', () => {
  it('are those of zxcvbn’s packages, list by list', () => {
    const { dictionary, graphs, texts } = readStrengthWords();
    const lists = { ...common.dictionary, ...english.dictionary };
    expect(Object.keys(dictionary).slice(0, Object.keys(lists).length)).to.deep.equal(Object.keys(lists));
    for (const [name, list] of Object.entries(lists))
      expect(JSON.stringify(dictionary[name]), name).to.equal(JSON.stringify(list));
    for (const [name, list] of Object.entries(german.dictionary))
      expect(JSON.stringify(dictionary[`${name}-de`]), name).to.equal(JSON.stringify(list));
    expect(graphs).to.deep.equal(common.adjacencyGraphs);
    for (const [language, { translations }] of Object.entries({ en: english, de: german })) {
      const { warnings, suggestions } = translations;
      expect(texts).to.have.property(language).that.deep.equals({ warnings, suggestions });
    }
  });

  it('give hundreds of passwords the estimates of the packages', async () => {
    const estimator = createEstimator();
    const strength = new PasswordStrength();
    const passwords = listPasswords();
    expect(passwords.length).to.be.above(200);
    for (const [index, password] of passwords.entries()) {
      const language = index % 2 === 0 ? 'en' : 'de';
      const { translations } = language === 'en' ? english : german;
      const { score, guessesLog10, feedback } = estimator.check(password, given);
      const warning = feedback.warning as keyof typeof translations.warnings | null;
      expect(await strength.estimate({ password, words: given, language }), password).to.deep.equal({
        score,
        guessesLog10,
        warning: warning === null ? undefined : translations.warnings[warning],
        suggestions: feedback.suggestions.map(
          (each) => translations.suggestions[each as keyof typeof translations.suggestions],
        ),
      });
    }
  });

  it('have the licenses and sources of the words beside them', () => {
    const notices = readFileSync(new URL('word-lists-notices.txt', strengthWordsFile), 'utf8');
    for (const name of ['common', 'en', 'de'])
      expect(notices).to.include(`@zxcvbn-ts/language-${name}: LICENSE`);
    expect(notices).to.include('Permission is hereby granted').and.to.include('ODC-BY');
  });
});
