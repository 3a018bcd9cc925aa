// What linters find, as something to write.

const words: Readonly<Record<string, string>> = {
  'owasp:api4:2023-string-limit':
    'has no maximum length. Write "@maxLength 200", or what fits, in its comment.',
  'owasp:api4:2023-string-restricted':
    'may have any characters. Write "@pattern" and a regular expression in its comment, or "@format", or list its values: "open" | "closed".',
  'owasp:api4:2023-array-limit':
    'has no maximum number of items. Write "@maxItems 100", or what fits, in its comment.',
  'owasp:api4:2023-integer-limit':
    'has no bounds. Write "@minimum 1" and "@maximum 1000", or what fits, in its comment.',
  'owasp:api4:2023-integer-format': 'has no format. Write "@format int32" or "@format int64" in its comment.',
  'owasp:api3:2023-no-additionalProperties':
    'accepts properties that it does not name. Name them, or make a list of objects of the map.',
  'owasp:api3:2023-constrained-additionalProperties':
    'accepts any number of properties that it does not name. Name them, or make a list of objects of the map.',
  'owasp:api1:2023-no-numeric-ids':
    'is a number that can be guessed. Use the type Id, a UUID, where others must not find what is not theirs.',
  'oas3-parameter-description':
    'has no description. Write "@param" with its name and what it is in the method\'s comment.',
  'described-property': 'has no description. Write a comment above it.',
  'model-name':
    'has the name of its model, which the Python SDK cannot have. Give one of the two another name.',
  'stored-field':
    'has the name of a column that is not to be shown. Leave it out, or add it to "shown" in tools/contract/own-rules.ts.',
  'complete-operation':
    'lacks the name of a type, or an example. Declare and export an interface for it, with "@example <JSON>" in its comment.',
  'named-schema': 'has a type without a name. Declare and export an interface for it, and name that.',
};

const same: Readonly<Record<string, string>> = {
  'owasp:api4:2023-integer-limit-legacy': 'owasp:api4:2023-integer-limit',
  'parameter-description': 'oas3-parameter-description',
};

/** What is wrong with what a linter points at, and what to write, for the rules that say it in terms of the document. */
export function describeFinding(rule: string, message: string): string {
  const known = words[same[rule] ?? rule];
  if (known !== undefined) return known;
  if (rule.includes('example')) return `has an example that it does not allow itself: ${message}`;
  return `does not pass: ${message}`;
}
