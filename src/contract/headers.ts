/** Response headers of many operations: components of the contract. */
export const headers = {
  'X-Request-Id': {
    description: 'Names this request in the log.',
    schema: { type: 'string', maxLength: 128, pattern: '^[A-Za-z0-9._-]+$' },
    example: '0d3c7b3e-5d0a-4c52-8a1f-6f0c5a2b9e11',
  },
  'WWW-Authenticate': {
    description: 'The challenge (RFC 6750 §3). It starts with `Bearer`, or with `JWT_HEADER_TYPE`.',
    schema: { type: 'string', maxLength: 1000, pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]+ realm=" },
    example:
      'Bearer realm="latchkey", error="invalid_token", error_description="The access token has expired."',
  },
  'WWW-Authenticate-Basic': {
    description: 'The challenge (RFC 7617 §2).',
    schema: { type: 'string', maxLength: 1000, pattern: '^Basic ' },
    example: 'Basic realm="latchkey"',
  },
  'Retry-After': {
    description: 'Try again after this number of seconds.',
    schema: { type: 'integer', format: 'int32', minimum: 1, maximum: 2_147_483_647 },
    example: 4,
  },
  RateLimit: {
    description:
      'Where requests are limited: the number of requests left (`r`), and the seconds until the limit resets (`t`), as in draft-ietf-httpapi-ratelimit-headers.',
    schema: { type: 'string', maxLength: 100, pattern: '^"[a-z]+";r=\\d+;t=\\d+$' },
    example: '"requests";r=9;t=60',
  },
} as const;

export function createReferences(
  names: Readonly<Record<string, keyof typeof headers>>,
): Record<string, object> {
  return Object.fromEntries(
    Object.entries(names).map(([header, component]) => [
      header,
      { $ref: `#/components/headers/${component}` },
    ]),
  );
}
