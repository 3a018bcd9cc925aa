/**
 * What the header of an access token may say that it is. RFC 9068 §2.1 has `at+jwt`, so that no other JWT is taken for one;
 * with `JWT`, for libraries that know nothing else, the claim `token_use` says it.
 */
export const accessTokenTypes = ['at+jwt', 'JWT'] as const;
export type AccessTokenType = (typeof accessTokenTypes)[number];
