import { OAuthProblem } from '../problems/oauth-problem.js';
import type { ClientParameters } from './oauth.models.js';

/** How a client authenticates. */
export type ClientCredentials =
  | { readonly kind: 'secret'; readonly clientId: string; readonly secret: string }
  | { readonly kind: 'assertion'; readonly clientId: string | undefined; readonly assertion: string }
  | { readonly kind: 'none'; readonly clientId: string | undefined };

/** RFC 7523 §2.2. */
const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/**
 * Reads how a client authenticates: by HTTP Basic, by a secret in the form, or by a signed assertion.
 * @param authorization the `Authorization` header; schemes other than Basic are ignored.
 * @throws {OAuthProblem} `invalid_request` for more than one method (RFC 6749 §2.3), or an incomplete one.
 */
export function readClientCredentials(
  authorization: string | undefined,
  { client_id: clientId, client_secret: secret, ...form }: ClientParameters,
): ClientCredentials {
  const basic = readBasic(authorization);
  const { client_assertion: assertion, client_assertion_type: type } = form;
  if ([basic, secret, assertion].filter((each) => each !== undefined).length > 1) {
    throw new OAuthProblem(
      'invalid_request',
      'The client uses more than one authentication method: choose one.',
    );
  }
  if (basic) {
    if (clientId !== undefined && clientId !== basic.clientId) {
      throw new OAuthProblem('invalid_request', 'The client_id differs from that of HTTP Basic.');
    }
    return { kind: 'secret', ...basic };
  }
  if (secret !== undefined) {
    if (clientId === undefined) throw new OAuthProblem('invalid_request', 'client_id: is required.');
    return { kind: 'secret', clientId, secret };
  }
  if (assertion !== undefined || type !== undefined) {
    if (assertion === undefined || type !== assertionType) {
      throw new OAuthProblem(
        'invalid_request',
        `A client_assertion requires the client_assertion_type ${assertionType}.`,
      );
    }
    return { kind: 'assertion', clientId, assertion };
  }
  return { kind: 'none', clientId };
}

/**
 * RFC 6749 §2.3.1: id and secret are form-urlencoded within Basic.
 * @throws {OAuthProblem} `invalid_client` where they are malformed.
 */
function readBasic(
  authorization: string | undefined,
): { readonly clientId: string; readonly secret: string } | undefined {
  const [, encoded] = /^basic +([A-Za-z0-9+/_=-]*)$/i.exec(authorization?.trimEnd() ?? '') ?? [];
  if (encoded === undefined) {
    if (/^basic\b/i.test(authorization ?? '')) throw createMalformedBasicError();
    return undefined;
  }
  const text = Buffer.from(encoded, 'base64').toString();
  const colon = text.indexOf(':');
  if (colon < 0) throw createMalformedBasicError();
  return { clientId: decodeForm(text.slice(0, colon)), secret: decodeForm(text.slice(colon + 1)) };
}

function decodeForm(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch (cause) {
    throw createMalformedBasicError(cause);
  }
}

function createMalformedBasicError(cause?: unknown): OAuthProblem {
  return new OAuthProblem(
    'invalid_client',
    'HTTP Basic must hold the client id and the secret, each form-urlencoded, with a colon between them.',
    { cause },
  );
}
