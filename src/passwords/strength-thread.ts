// The worker thread that estimates the strength of passwords: zxcvbn and its dictionaries take some 80 MB and a fifth of a
// second to load. password-strength.ts is its counterpart on the service's thread.
import { parentPort } from 'node:worker_threads';
import { ZxcvbnFactory } from '@zxcvbn-ts/core';
import * as common from '@zxcvbn-ts/language-common';
import * as german from '@zxcvbn-ts/language-de';
import * as english from '@zxcvbn-ts/language-en';
import type { StrengthRequest, StrengthResponse } from './password-strength.js';

/** The time grows faster than the length; a password of more characters than these is strong in any case. */
const maxLength = 64;
/** 100 by default, with which some passwords take 20 times as long. */
const l33tMaxSubstitutions = 10;

const translations = { en: english.translations, de: german.translations };
const estimator = new ZxcvbnFactory({
  dictionary: {
    ...common.dictionary,
    ...english.dictionary,
    'commonWords-de': german.dictionary.commonWords,
    'firstnames-de': german.dictionary.firstnames,
    'lastnames-de': german.dictionary.lastnames,
    'wikipedia-de': german.dictionary.wikipedia,
  },
  graphs: common.adjacencyGraphs,
  maxLength,
  l33tMaxSubstitutions,
});

parentPort?.on('message', ({ id, password, words, language }: StrengthRequest) => {
  const { score, guessesLog10, feedback } = estimator.check(password, [...words]);
  const { warnings, suggestions } = translations[language];
  const { warning } = feedback;
  const response: StrengthResponse = {
    id,
    score,
    guessesLog10,
    warning: warning === null ? undefined : warnings[warning as keyof typeof warnings],
    suggestions: feedback.suggestions.map((each) => suggestions[each as keyof typeof suggestions]),
  };
  parentPort?.postMessage(response);
});
