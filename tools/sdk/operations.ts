// What an SDK has to know of the contract beside what its generator reads.
import { readFileSync } from 'node:fs';

type Requirement = Readonly<Record<string, readonly string[]>>;

interface DocumentOperation {
  readonly security?: readonly Requirement[];
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, unknown>> }>>;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DocumentOperation>>>>;
  readonly security?: readonly Requirement[];
}

export interface Operation {
  /** In capitals. */
  readonly method: string;
  /** With its parameters in braces. */
  readonly path: string;
  /** To the others no bearer token must be sent: `/oauth/token` would take it for the client's authentication. */
  readonly takesToken: boolean;
  /** The media types of its successful responses; an empty one stands for a response without a body. */
  readonly mediaTypes: readonly string[];
  /**
   * Whether its response has the session's next tokens, alone or as `tokens`: the refresh token before them stops working, so
   * a client stores them, whichever way the operation is called.
   */
  readonly renewsTokens: boolean;
}

/** Named, because an operation of a project may respond with tokens of another session. */
const renewing: ReadonlySet<string> = new Set([
  'PUT /me/password',
  'POST /me/passkeys',
  'POST /me/second-factors/totp/confirm',
]);

const methods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'];

/**
 * The operations, those with fewer parameters in their paths first: the first whose path fits is the one that is called.
 * @param file path of the OpenAPI document
 */
export function listOperations(file: string): Operation[] {
  const { paths, security: root = [] } = JSON.parse(readFileSync(file, 'utf8')) as Document;
  return Object.entries(paths)
    .sort(([one], [other]) => countParameters(one) - countParameters(other))
    .flatMap(([path, operations]) =>
      methods.flatMap((method) => {
        const operation = operations[method];
        if (!operation) return [];
        const takesToken = (operation.security ?? root).some((requirement) => 'bearer' in requirement);
        return [
          {
            ...{ method: method.toUpperCase(), path, takesToken },
            mediaTypes: listMediaTypes(operation),
            renewsTokens: renewing.has(`${method.toUpperCase()} ${path}`),
          },
        ];
      }),
    );
}

function countParameters(path: string): number {
  return path.split('{').length - 1;
}

function listMediaTypes({ responses }: DocumentOperation): string[] {
  const successful = Object.entries(responses).filter(([status]) => /^[23]/.test(status));
  return [
    ...new Set(
      successful.flatMap(([, { content = {} }]) => {
        const types = Object.keys(content);
        return types.length > 0 ? types : [''];
      }),
    ),
  ].sort();
}
