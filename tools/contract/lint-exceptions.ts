// Where the contract does not do what a linter wants, and why. An exception that finds nothing is an error, too.

export interface Exception {
  readonly rule: string;
  /** The findings that it covers, by their path in the document; all of the rule without it. */
  readonly where?: RegExp;
  readonly reason: string;
}

export const exceptions: readonly Exception[] = [
  {
    rule: 'owasp:api8:2023-define-error-responses-500',
    reason:
      'Each operation has `default`, with the same body: it stands for 500 and for whatever else fails.',
  },
  {
    rule: 'owasp:api8:2023-define-cors-origin',
    reason:
      'CORS is off unless the operator names origins (LATCHKEY_CORS_ORIGINS); it is no part of an operation.',
  },
  {
    rule: 'owasp:api4:2023-rate-limit-responses-429',
    where: /^\/paths\/(?!login|refresh|oauth|me\/password).*\/responses/,
    reason:
      'There is no limit on these: they need a token, which costs an attacker a login, or only read memory.',
  },
  {
    rule: 'owasp:api4:2023-rate-limit',
    where: /^\/paths\/(?!login|refresh).*\/responses/,
    reason:
      'The header is only where requests are counted: at login and refresh. Elsewhere failures alone are, and 429 says so.',
  },
  {
    rule: 'owasp:api8:2023-define-error-responses-401',
    where:
      /^\/paths\/(\/get|\.well-known|account|email\/undo|health|invitations\/accept|login\/link\/post|openapi|password|problems|register)/,
    reason: 'Public: they ask for no token, so none can be wrong.',
  },
  {
    rule: 'owasp:api2:2023-read-restricted',
    where: /^\/paths\/(\/get|\.well-known|health|openapi|problems)/,
    reason:
      'Public on purpose: what runs here, discovery, public keys, health, the contract and pages about problems.',
  },
  {
    rule: 'owasp:api2:2023-write-restricted',
    where: /^\/paths\/(account|email|invitations\/accept|login|password|refresh|register)/,
    reason:
      'A caller who logs in, refreshes, signs up or has lost the password has no access token; the password, the refresh token, the invitation or the link is the proof. Rating a password writes nothing.',
  },
  {
    rule: 'owasp:api2:2023-no-http-basic',
    where: /^\/components\/securitySchemes\/client/,
    reason: 'RFC 6749 §2.3.1 demands it of an authorization server, for clients; users never send it.',
  },
  {
    rule: 'oas3-operation-security-defined',
    where: /^3\.1:/,
    reason: 'In 3.1 any scheme may have roles in a security requirement; the rule goes by 3.0.',
  },
  {
    rule: 'owasp:api4:2023-string-restricted',
    where: /^\/components\/schemas\/(TokenRequest|TokenParameters|Resource|RefreshRequest|LogoutRequest)\b/,
    reason:
      'Whatever is sent as a token or a grant gets the response that RFC 6749, 7009 or 7662 has for one that is not known.',
  },
  {
    rule: 'owasp:api4:2023-string-restricted',
    where: /^\/components\/schemas\/(ProblemDetails\/properties\/detail|FieldErrors)/,
    reason: "Sentences for people; an API builder's hook may word them.",
  },
  {
    rule: 'owasp:api4:2023-string-restricted',
    where: /^\/(paths\/revocations\/get\/parameters|components\/schemas\/LastEventId)/,
    reason: 'A cursor that is not known starts over, whatever it is.',
  },
  {
    rule: 'owasp:api4:2023-string-limit',
    where: /^\/components\/schemas\/(AuditStream|RevocationStream)/,
    reason: 'A stream of events has no end.',
  },
  {
    rule: 'owasp:api4:2023-string-restricted',
    where: /^\/components\/schemas\/(AuditStream|RevocationStream)/,
    reason: 'A stream of events has no end to match.',
  },
  {
    rule: 'owasp:api3:2023-no-additionalProperties',
    where:
      /^\/components\/schemas\/(FieldErrors|TokenRequest|TokenParameters|ClientKey|OpenApiDocument|AuditDetails|Passkey(Registration|AttestationResponse|Assertion|AssertionResponse))/,
    reason:
      'FieldErrors is a map. RFC 6749 §3.2 and RFC 7517 §4 have unknown parameters and members ignored. A document is what it is. What browsers add to a credential with WebAuthn’s next level is ignored. What a row of the audit says depends on its event.',
  },
];
