// Finds scopes in `@Security("bearer", [...])` that cannot be meant: a permission that no role can have, or that looks like
// a misspelled one, locks everyone out without an error.
import { distance } from 'fastest-levenshtein';
import type { Operation } from './controllers.ts';
import type { Demand } from './decorators.ts';
import type { Draft } from './finding.ts';
import type { TsoaDocument } from './tsoa-document.ts';

/** One scope that an operation demands of a scheme. */
interface ScopeDemand {
  readonly at: string;
  readonly path: string | undefined;
  readonly scheme: string;
  readonly scope: string;
}

/** A scheme without a scope: every authenticated caller may. */
type SchemeDemand = Omit<ScopeDemand, 'scope'> & { readonly scope: string | undefined };

/** That of `Permission` in src/http/api-types.ts, which a project has from a package. */
export const permissionPattern = /^[A-Za-z0-9][A-Za-z0-9._:/-]*$/;

export function findScopeErrors(
  operations: readonly Operation[],
  document: TsoaDocument | undefined,
): Draft[] {
  const demands = operations.flatMap((operation) => listDemands(operation, document));
  const scopes = demands.filter((demand): demand is ScopeDemand => demand.scope !== undefined);
  const isAboutLogin = ({ scope }: ScopeDemand): boolean => /^(fresh|mfa)(:|$)/i.test(scope);
  const permissions = scopes.filter((demand) => !isAboutLogin(demand));
  return [
    ...operations.flatMap((operation) => operation.demands.flatMap(findBareScopeErrors)),
    ...demands.filter(({ scheme }) => scheme !== 'bearer').map(findUnknownScheme),
    ...scopes
      .filter((demand) => isAboutLogin(demand) && !/^(fresh|mfa)(:\d+)?$/.test(demand.scope))
      .map(createLoginError),
    ...permissions.flatMap(slips),
  ];

  function slips(demand: ScopeDemand): Draft[] {
    const { at, scope } = demand;
    if (!permissionPattern.test(scope)) {
      const what = `"${scope}" cannot be a permission. Write each permission as a string of its own, such as 'reports:read'.`;
      return [{ at, level: 'error', what }];
    }
    const other = permissions.find((each) => isSlipOf(demand, each, permissions));
    if (!other) return [];
    const what = `The permission "${scope}" is almost "${other.scope}", at ${other.at}. Write the same, or make them differ by more than a letter.`;
    return [{ at, level: 'warning', what }];
  }
}

function listDemands({ demands, verb, path }: Operation, document: TsoaDocument | undefined): SchemeDemand[] {
  const described = path === undefined ? undefined : document?.paths[path]?.[verb];
  return demands.flatMap(({ at, schemes }) =>
    Object.entries(schemes).flatMap(([scheme, written]) => {
      const scopes = written ?? described?.security?.flatMap((each) => each[scheme] ?? []) ?? [];
      return (scopes.length > 0 ? scopes : [undefined]).map((scope) => ({ at, path, scheme, scope }));
    }),
  );
}

function findBareScopeErrors({ at, bare }: Demand): Draft[] {
  if (bare === undefined) return [];
  const what = `@Security has the permission '${bare}' without a list. Write @Security('bearer', ['${bare}']).`;
  return [{ at, level: 'error', what }];
}

function findUnknownScheme({ at, scheme }: SchemeDemand): Draft {
  return {
    at,
    level: 'error',
    what: `@Security names the scheme "${scheme}", which is not there. The scheme is 'bearer'.`,
  };
}

function createLoginError({ at, scope }: ScopeDemand): Draft {
  const kind = /^mfa/i.test(scope) ? 'mfa' : 'fresh';
  return {
    at,
    level: 'error',
    what: `"${scope}" demands nothing. Write '${kind}', or '${kind}:' and seconds: '${kind}:300'.`,
  };
}

/** Of two that are almost alike, the one that fewer operations have; of two that as many have, the later. */
function isSlipOf(one: ScopeDemand, other: ScopeDemand, all: readonly ScopeDemand[]): boolean {
  if (!isAlmost(one.scope, other.scope) || isAtHome(one, other.scope)) return false;
  const count = (scope: string): number => all.filter((each) => each.scope === scope).length;
  const more = count(other.scope) - count(one.scope);
  return more > 0 || (more === 0 && all.indexOf(other) < all.indexOf(one));
}

/** A letter more, less or another, or two that are swapped. Words of three letters, such as get and set, are that near. */
function isAlmost(one: string, other: string): boolean {
  const words = (text: string): string[] => text.split(/[:./_-]/);
  const others = words(other);
  const isShort = words(one).every((word, index) => word === others[index] || word.length <= 3);
  const letters = (text: string): string => Array.from(text).sort().join('');
  const away = distance(one, other);
  return !isShort && (away === 1 || (away === 2 && letters(one) === letters(other)));
}

/** Whether it is about another thing, which its operation's path names: `jobs:read` of `/jobs`, beside `jogs:read`. */
function isAtHome({ scope, path = '' }: ScopeDemand, otherScope: string): boolean {
  const [thing = ''] = scope.split(':');
  return thing !== otherScope.split(':')[0] && path.split('/').includes(thing);
}
