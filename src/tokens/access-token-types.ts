/**
 * The possible `typ` of access tokens. RFC 9068 §2.1 requires `at+jwt`, so that no other JWT is accepted as one; with `JWT`,
 * for libraries that accept nothing else, the claim `token_use` distinguishes them.
 */
export const accessTokenTypes = ['at+jwt', 'JWT'] as const;
export type AccessTokenType = (typeof accessTokenTypes)[number];
