// What `@Security("bearer", [...])` may demand, and what looks like a slip of the pen: a permission that no role can
// have, or that nobody has been given, locks everyone out, and says nothing.
import { distance } from 'fastest-levenshtein';

/**
 * @param {import('./controllers.js').Operation[]} operations
 * @param {object | undefined} document tsoa's
 * @returns {{ at: string, what: string }[]}
 */
export function scopeFaults(operations, document) {
  const demands = operations.flatMap((operation) => demandsOf(operation, document));
  const pattern = document?.components.schemas.Permission?.pattern;
  const isPermission = pattern ? RegExp(pattern, 'u') : /./;
  const named = demands.filter(({ scope }) => scope !== undefined);
  const isAboutFreshness = ({ scope }) => /^fresh(:|$)/i.test(scope);
  const permissions = named.filter((demand) => !isAboutFreshness(demand));
  return [
    ...demands.filter(({ scheme }) => scheme !== 'bearer').map(unknownScheme),
    ...named
      .filter((demand) => isAboutFreshness(demand) && !/^fresh(:\d+)?$/.test(demand.scope))
      .map(notFresh),
    ...permissions.flatMap(slips),
  ];

  function slips(demand) {
    const { at, scope } = demand;
    if (!isPermission.test(scope)) {
      const what = `"${scope}" cannot be a permission. Write each permission as a string of its own, such as 'reports:read'.`;
      return [{ at, what }];
    }
    const other = permissions.find((each) => isSlipOf(demand, each, permissions));
    if (!other) return [];
    const what = `The permission "${scope}" is almost "${other.scope}", at ${other.at}. Write the same, or make them differ by more than a letter.`;
    return [{ at, what }];
  }
}

function demandsOf({ demands, verb, path }, document) {
  return demands.flatMap(({ at, schemes }) =>
    Object.entries(schemes).flatMap(([scheme, written]) => {
      const scopes =
        written ?? document?.paths[path]?.[verb]?.security?.flatMap((each) => each[scheme] ?? []);
      return (scopes?.length ? scopes : [undefined]).map((scope) => ({ at, path, scheme, scope }));
    }),
  );
}

function unknownScheme({ at, scheme }) {
  return { at, what: `@Security names the scheme "${scheme}", which is not there. The scheme is 'bearer'.` };
}

function notFresh({ at, scope }) {
  return { at, what: `"${scope}" demands nothing. Write 'fresh', or 'fresh:' and seconds: 'fresh:300'.` };
}

/** Of two that are almost alike, the one that fewer operations have; of two that as many have, the later. */
function isSlipOf(one, other, all) {
  if (!isAlmost(one.scope, other.scope) || isAtHome(one, other.scope)) return false;
  const count = (scope) => all.filter((each) => each.scope === scope).length;
  const more = count(other.scope) - count(one.scope);
  return more > 0 || (more === 0 && all.indexOf(other) < all.indexOf(one));
}

/** A letter more, less or another, or two that are swapped. Words of three letters, such as get and set, are that near. */
function isAlmost(one, other) {
  const words = (text) => text.split(/[:./_-]/);
  const others = words(other);
  const isShort = words(one).every((word, index) => word === others[index] || word.length <= 3);
  const letters = (text) => [...text].sort().join('');
  const away = distance(one, other);
  return !isShort && (away === 1 || (away === 2 && letters(one) === letters(other)));
}

/** Whether it is about another thing, which its operation's path names: `jobs:read` of `/jobs`, beside `jogs:read`. */
function isAtHome({ scope, path = '' }, otherScope) {
  const [thing] = scope.split(':');
  return thing !== otherScope.split(':')[0] && path.split('/').includes(thing);
}
