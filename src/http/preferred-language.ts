import type { Request } from 'express';

/** The first language of `Accept-Language` that is there; undefined: none is. */
export function findPreferredLanguage(request: Request, languages: readonly string[]): string | undefined {
  if (request.headers['accept-language'] === undefined) return undefined;
  const preferred = request.acceptsLanguages(...languages);
  return preferred === false ? undefined : preferred;
}
