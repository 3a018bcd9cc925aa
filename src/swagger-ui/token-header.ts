import type { Document } from './document.js';
import { tokenScheme } from './system.js';

/** The header with which the service takes access tokens: `JWT_HEADER_NAME` and `JWT_HEADER_TYPE`. */
export interface TokenHeader {
  readonly name: string;
  /** The word before the token; empty: there is none. */
  readonly scheme: string;
}

const bearerHeader: TokenHeader = { name: 'Authorization', scheme: 'Bearer' };

/** The header that the contract says. */
export function readTokenHeader({ components }: Document): TokenHeader {
  const scheme = components?.securitySchemes?.[tokenScheme];
  if (scheme?.type === 'apiKey') {
    return { name: scheme.name ?? bearerHeader.name, scheme: scheme['x-token-scheme'] ?? '' };
  }
  const word = scheme?.scheme ?? 'bearer';
  return { name: bearerHeader.name, scheme: word === 'bearer' ? bearerHeader.scheme : word };
}

/** The contract with `Authorization: Bearer`, which Swagger UI knows: what it sends is changed by `withTokenHeader`. */
export function withBearer(document: Document): Document {
  const { components } = document;
  const scheme = components?.securitySchemes?.[tokenScheme];
  if (scheme === undefined) return document;
  const bearer = { description: scheme.description, type: 'http', scheme: 'bearer', bearerFormat: 'JWT' };
  const securitySchemes = { ...components?.securitySchemes, [tokenScheme]: bearer };
  return { ...document, components: { ...components, securitySchemes } };
}

/** A request's headers with a bearer token in the header that the service takes. */
export function withTokenHeader(
  headers: Readonly<Record<string, string>>,
  { name, scheme }: TokenHeader,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([header, value]) => {
      const token = header.toLowerCase() === 'authorization' ? /^Bearer (.+)$/.exec(value)?.[1] : undefined;
      return token === undefined ? [header, value] : [name, scheme === '' ? token : `${scheme} ${token}`];
    }),
  );
}
