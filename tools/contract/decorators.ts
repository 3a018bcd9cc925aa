// What the decorators of classes, methods and parameters have in their brackets.
import ts from 'typescript';

/** File and line of a node. */
export type Locate = (node: ts.Node) => string;

/** One `@Security`. */
export interface Demand {
  readonly at: string;
  /** What is demanded of each scheme; undefined: not written out. */
  readonly schemes: Readonly<Record<string, readonly string[] | undefined>>;
  /** A permission that is written without a list around it. */
  readonly bare: string | undefined;
}

export interface Decorator {
  readonly name: string;
  readonly parameters: readonly ts.Expression[];
  readonly at: string;
}

export function readDecorators(node: ts.Node, at: Locate): Decorator[] {
  const decorators = (ts.canHaveDecorators(node) ? ts.getDecorators(node) : undefined) ?? [];
  return decorators.flatMap((decorator) => {
    const { expression } = decorator;
    const isCall = ts.isCallExpression(expression);
    const called = isCall ? expression.expression : expression;
    return ts.isIdentifier(called)
      ? [{ name: called.text, parameters: isCall ? expression.arguments : [], at: at(decorator) }]
      : [];
  });
}

export function readDemands(decorators: readonly Decorator[]): Demand[] {
  return decorators
    .filter(({ name }) => name === 'Security')
    .map(({ at, parameters: [scheme, scopes] }) => ({
      at,
      schemes:
        scheme && ts.isObjectLiteralExpression(scheme)
          ? Object.fromEntries(scheme.properties.map(findScheme))
          : { [readText(scheme) ?? '']: scopes === undefined ? [] : readTexts(scopes) },
      bare:
        scheme && ts.isObjectLiteralExpression(scheme)
          ? scheme.properties
              .map((each) => (ts.isPropertyAssignment(each) ? readText(each.initializer) : undefined))
              .find((text) => text !== undefined)
          : readText(scopes),
    }));
}

function findScheme(property: ts.ObjectLiteralElementLike): [string, readonly string[] | undefined] {
  const { name } = property;
  const isNamed = name && (ts.isIdentifier(name) || ts.isStringLiteralLike(name));
  const scopes = ts.isPropertyAssignment(property) ? readTexts(property.initializer) : undefined;
  return [isNamed ? name.text : '', scopes];
}

export function findTags(decorators: readonly Decorator[]): string[] {
  return decorators
    .filter(({ name }) => name === 'Tags')
    .flatMap(({ parameters }) => parameters.map(readText).filter((name) => name !== undefined));
}

/** Undefined where it is not written out as a string. */
export function findPath({ parameters }: Decorator): string | undefined {
  return parameters.length === 0 ? '' : readText(parameters[0]);
}

export function readText(node: ts.Node | undefined): string | undefined {
  return node && ts.isStringLiteralLike(node) ? node.text : undefined;
}

function readTexts(node: ts.Node): readonly string[] | undefined {
  if (!ts.isArrayLiteralExpression(node)) return undefined;
  const texts = node.elements.map(readText);
  return texts.every((text) => text !== undefined) ? texts : undefined;
}
