// The worker thread that estimates the strength of passwords: zxcvbn and its dictionaries take some 80 MB and a fifth of a
// second to load. password-strength.ts is its counterpart on the service's thread.
import { parentPort } from 'node:worker_threads';
import { ZxcvbnFactory } from '@zxcvbn-ts/core';
import type { StrengthRequest, StrengthResponse } from './password-strength.js';
import { readStrengthWords } from './strength-words.js';

/** The time grows faster than the length; a password of more characters than these is strong in any case. */
const maxLength = 64;
/** 100 by default, with which some passwords take 20 times as long. */
const l33tMaxSubstitutions = 10;

const { texts, ...words } = readStrengthWords();
const estimator = new ZxcvbnFactory({ ...words, maxLength, l33tMaxSubstitutions });

parentPort?.on('message', ({ id, password, words: given, language }: StrengthRequest) => {
  const { score, guessesLog10, feedback } = estimator.check(password, [...given]);
  const { warnings, suggestions } = texts[language];
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
