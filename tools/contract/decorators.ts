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

export function decoratorsOf(node: ts.Node, at: Locate): Decorator[] {
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

export function demandsIn(decorators: readonly Decorator[]): Demand[] {
  return decorators
    .filter(({ name }) => name === 'Security')
    .map(({ at, parameters: [scheme, scopes] }) => ({
      at,
      schemes:
        scheme && ts.isObjectLiteralExpression(scheme)
          ? Object.fromEntries(scheme.properties.map(schemeIn))
          : { [textOf(scheme) ?? '']: scopes === undefined ? [] : textsOf(scopes) },
      bare:
        scheme && ts.isObjectLiteralExpression(scheme)
          ? scheme.properties
              .map((each) => (ts.isPropertyAssignment(each) ? textOf(each.initializer) : undefined))
              .find((text) => text !== undefined)
          : textOf(scopes),
    }));
}

function schemeIn(property: ts.ObjectLiteralElementLike): [string, readonly string[] | undefined] {
  const { name } = property;
  const isNamed = name && (ts.isIdentifier(name) || ts.isStringLiteralLike(name));
  const scopes = ts.isPropertyAssignment(property) ? textsOf(property.initializer) : undefined;
  return [isNamed ? name.text : '', scopes];
}

export function tagsIn(decorators: readonly Decorator[]): string[] {
  return decorators
    .filter(({ name }) => name === 'Tags')
    .flatMap(({ parameters }) => parameters.map(textOf).filter((name) => name !== undefined));
}

/** Undefined where it is not written out as a string. */
export function pathIn({ parameters }: Decorator): string | undefined {
  return parameters.length === 0 ? '' : textOf(parameters[0]);
}

export function textOf(node: ts.Node | undefined): string | undefined {
  return node && ts.isStringLiteralLike(node) ? node.text : undefined;
}

function textsOf(node: ts.Node): readonly string[] | undefined {
  if (!ts.isArrayLiteralExpression(node)) return undefined;
  const texts = node.elements.map(textOf);
  return texts.every((text) => text !== undefined) ? texts : undefined;
}
