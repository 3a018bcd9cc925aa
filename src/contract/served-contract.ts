import { exampleAddress } from './error-forms.js';
import { getTokenScheme, type Config } from '../config/config.js';
import type { OpenApiDocument } from './contract.models.js';

/** How the served contract differs from the committed one. */
export interface ServedVariant {
  /** The path prefix of a proxy, such as `/auth`; empty where there is none. */
  readonly prefix: string;
  /** The security scheme of access tokens; undefined: as it is committed. */
  readonly tokenScheme: SecurityScheme | undefined;
}

type SecurityScheme = Readonly<Record<string, string>>;

interface Server {
  readonly url: string;
  readonly [member: string]: unknown;
}

/**
 * The document as text, whose examples name the address that clients know the service by.
 * @param issuer that address: what the URIs of problems' types begin with.
 */
export function replaceAddress(json: string, issuer: string): string {
  return json.replaceAll(exampleAddress, () => JSON.stringify(issuer).slice(1, -1));
}

/** The document with the issuer as its first server: generators take that one. The others are relative to the document. */
export function addIssuer(issuer: string, document: OpenApiDocument): OpenApiDocument {
  const servers = document['servers'] as readonly Server[];
  return { ...document, servers: [createIssuerServer(issuer), ...servers] };
}

export function addIssuerToYaml(issuer: string, yaml: string): string {
  // JSON is valid YAML.
  return yaml.replace(/^servers:\n/m, (line) => `${line}  - ${JSON.stringify(createIssuerServer(issuer))}\n`);
}

function createIssuerServer(issuer: string): Server {
  return { url: issuer, description: 'The service, as its clients know it', 'x-internal': false };
}

/** The same as YAML, whose plain texts need no escapes. */
export function replaceAddressInYaml(yaml: string, issuer: string): string {
  return yaml.replaceAll(exampleAddress, () => issuer);
}

export function adaptContract(
  { prefix, tokenScheme: bearer }: ServedVariant,
  document: OpenApiDocument,
): OpenApiDocument {
  const servers = document['servers'] as readonly Server[];
  const components = document['components'] as { readonly securitySchemes: Record<string, unknown> };
  return {
    ...document,
    ...(prefix !== '' && {
      servers: servers.map((server) => (server.url === '/' ? { ...server, url: prefix } : server)),
    }),
    ...(bearer && {
      components: { ...components, securitySchemes: { ...components.securitySchemes, bearer } },
    }),
  };
}

export function adaptYaml({ prefix, tokenScheme: bearer }: ServedVariant, yaml: string): string {
  const below = prefix === '' ? yaml : yaml.replace(/^( *- url:) \/$/m, `$1 ${prefix}`);
  // JSON is valid YAML.
  return bearer
    ? below.replace(
        /^( {2}securitySchemes:\n {4}bearer:)\n(?: {6}.*\n)+/m,
        (_, name: string) => `${name} ${JSON.stringify(bearer)}\n`,
      )
    : below;
}

/**
 * The security scheme of access tokens by the settings. OpenAPI 3.0 can express the scheme in `Authorization`, or another
 * header, but not a scheme in another header: that is in the description, and in an extension for Swagger UI's page.
 * @returns undefined where the committed contract is right.
 */
export function createSecurityScheme(
  config: Pick<Config, 'tokenLocations' | 'headerName' | 'headerType'>,
): SecurityScheme | undefined {
  const { tokenLocations, headerName, headerType } = config;
  const isAuthorization = headerName.toLowerCase() === 'authorization';
  const isInHeader = tokenLocations.includes('headers');
  if (isInHeader && isAuthorization && headerType.toLowerCase() === 'bearer') return undefined;
  const word = headerType === 'none' ? '' : `${headerType} `;
  const where = isInHeader
    ? `\`${headerName}: ${word}<access_token>\``
    : `not in a header, but in ${tokenLocations.join(' or ')} (JWT_TOKEN_LOCATION)`;
  const description = `An access token (RFC 9068, validated as RFC8725 says): ${where}.`;
  return isAuthorization && headerType !== 'none'
    ? { type: 'http', scheme: getTokenScheme(config), bearerFormat: 'JWT', description }
    : {
        ...{ type: 'apiKey', in: 'header', name: headerName, description },
        ...(headerType !== 'none' && { 'x-token-scheme': headerType }),
      };
}
