/** Texts that are slow for backtracking patterns and parsers: many repetitions, with a different end. */
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

/** Further ones, which only a body can have. */
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

/** Texts of this length that a header can have. */
export function createNastyTexts(length: number): string[] {
  return repeated.map((unit) => {
    const text = unit.repeat(Math.ceil(length / unit.length)).slice(0, length - 1);
    return `${text}!`;
  });
}

/** Texts of this length. */
export function createNastyBodyTexts(length: number): string[] {
  return [
    ...createNastyTexts(length),
    ...onlyInBodies.map((unit) => `${unit.repeat(Math.floor((length - 1) / unit.length))}!`),
  ];
}
