/** What patterns and parsers are slow with, if they are: the same again and again, and at the end something else. */
const repeated = [
  ' ',
  '\t',
  '"',
  ',',
  '=',
  '%',
  '\\',
  ';',
  '.',
  '/',
  ':',
  '-',
  'A',
  '0',
  '{',
  '[',
  '(',
  '%20',
  ', ',
  '; ',
  '" ',
  'a=b;',
  'a,b ',
  '../',
  '\u00e9',
];

/** Beside those, what can only be in a body. */
const onlyInBodies = [
  '\u0000',
  '\n',
  '\r\n',
  '\u3000',
  '\u200b',
  '\u0301',
  '\ud83d\ude00',
  '\u202e',
  '\ufffd',
];

/** Texts of so many characters that a header may have. */
export function nastyTexts(length: number): string[] {
  return repeated.map((unit) => {
    const text = unit.repeat(Math.ceil(length / unit.length)).slice(0, length - 1);
    return `${text}!`;
  });
}

/** Texts of so many characters. */
export function nastyTextsInBodies(length: number): string[] {
  return [
    ...nastyTexts(length),
    ...onlyInBodies.map((unit) => `${unit.repeat(Math.floor((length - 1) / unit.length))}!`),
  ];
}
