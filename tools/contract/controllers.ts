// What the sources say of the contract, and where they say it: file and line. It looks at what TypeScript's parser makes,
// so that it has an answer where nothing compiles yet.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import ts from 'typescript';

/** One `@Security`. */
export interface Demand {
  readonly at: string;
  /** What is demanded of each scheme; undefined: not written out. */
  readonly schemes: Readonly<Record<string, readonly string[] | undefined>>;
}

/** A class with a `@Route` or with operations. */
export interface Controller {
  /** File and line, as `src/reports/reports.controller.ts:12`. */
  readonly at: string;
  readonly file: string;
  readonly name: string;
  readonly comment: string | undefined;
  /** Undefined: it has none that is written out. */
  readonly route: string | undefined;
  readonly isRouted: boolean;
  readonly isExported: boolean;
  readonly tags: readonly string[];
  readonly demands: readonly Demand[];
  readonly isPublic: boolean;
  readonly operations: Operation[];
  /** What has an operation's decorator, and is none. */
  readonly strays: { readonly at: string; readonly name: string; readonly decorator: string }[];
}

export interface Operation {
  readonly at: string;
  /** The method's. */
  readonly name: string;
  /** In lower case. */
  readonly verb: string;
  /** As in the contract, `/reports/{id}`; undefined: not known. */
  readonly path: string | undefined;
  /** Whether its part of the path is written out. */
  readonly isPathWritten: boolean;
  readonly operationId: string;
  /** Its own and its controller's. */
  readonly tags: readonly string[];
  /** Its own, or its controller's. */
  readonly demands: readonly Demand[];
  /** Whether it, or its controller, says `@NoSecurity()`. */
  readonly isPublic: boolean;
  readonly isHidden: boolean;
  readonly summary: string | undefined;
  readonly description: string | undefined;
  /** The parameters without a `@param`. */
  readonly undescribed: readonly string[];
}

/** An exported type. */
export interface Model {
  readonly at: string;
  readonly file: string;
  readonly name: string;
  /** Where each is. */
  readonly properties: ReadonlyMap<string, string>;
}

export interface Sources {
  readonly controllers: readonly Controller[];
  readonly models: readonly Model[];
}

interface Decorator {
  readonly name: string;
  readonly parameters: readonly ts.Expression[];
  readonly at: string;
}

type ModelNode = ts.InterfaceDeclaration | ts.TypeAliasDeclaration | ts.EnumDeclaration;
type Locate = (node: ts.Node) => string;

const verbs = ['Get', 'Post', 'Put', 'Patch', 'Delete', 'Head', 'Options'];

/** What only an operation has. */
const operationDecorators = [
  ...['Security', 'NoSecurity', 'SuccessResponse', 'Response', 'OperationId', 'Tags'],
  ...['Produces', 'Consumes', 'Hidden', 'Deprecated', 'Middlewares'],
];

/** The parameters that the contract lists one by one, and whose description is a `@param` of the method. */
const listed = ['Path', 'Query', 'Header'];

/** @param root of the project. @param files its TypeScript files, with their parents set; by default, those that controllers may need */
export function readSources(root: string, files: Iterable<ts.SourceFile> = parseSources(root)): Sources {
  const controllers: Controller[] = [];
  const models: Model[] = [];
  for (const source of files) {
    const file = relative(root, source.fileName).replaceAll(sep, '/');
    const at: Locate = (node) =>
      `${file}:${source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1}`;
    for (const node of source.statements) {
      if (ts.isClassDeclaration(node) && node.name) {
        const controller = readController(node, node.name.text, file, at);
        if (controller.isRouted || controller.operations.length > 0) controllers.push(controller);
      }
      if (isModel(node)) {
        models.push({ at: at(node), file, name: node.name.text, properties: propertiesOf(node, at) });
      }
    }
  }
  return { controllers, models };
}

function parseSources(root: string): ts.SourceFile[] {
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .sort();
  return files.flatMap((name) => {
    const path = join(root, 'src', name);
    const text = readFileSync(path, 'utf8');
    return mayDescribe(name, text) ? [ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)] : [];
  });
}

/** Whether a file can have controllers or their models. */
export function mayDescribe(file: string, text: string): boolean {
  return /\.(controller|models)\.ts$/.test(file) || text.includes('@Route');
}

function readController(node: ts.ClassDeclaration, name: string, file: string, at: Locate): Controller {
  const decorators = decoratorsOf(node, at);
  const routed = decorators.find((decorator) => decorator.name === 'Route');
  const controller: Controller = {
    at: at(node),
    file,
    name,
    comment: commentOf(node),
    isRouted: routed !== undefined,
    route: routed && pathIn(routed),
    isExported: isExported(node),
    tags: tagsIn(decorators),
    demands: demandsIn(decorators),
    isPublic: decorators.some((decorator) => decorator.name === 'NoSecurity'),
    operations: [],
    strays: [],
  };
  for (const member of node.members) {
    const own = decoratorsOf(member, at);
    const verb = own.find((decorator) => verbs.includes(decorator.name));
    const stray = verb ?? own.find((decorator) => operationDecorators.includes(decorator.name));
    if (verb && ts.isMethodDeclaration(member)) {
      controller.operations.push(readOperation(member, verb, own, controller, at));
    } else if (stray) {
      controller.strays.push({ at: at(member), name: member.name?.getText() ?? '', decorator: stray.name });
    }
  }
  return controller;
}

function readOperation(
  node: ts.MethodDeclaration,
  verb: Decorator,
  decorators: readonly Decorator[],
  controller: Controller,
  at: Locate,
): Operation {
  const name = node.name.getText();
  const own = demandsIn(decorators);
  const isPublic = decorators.some((decorator) => decorator.name === 'NoSecurity');
  const named = decorators.find((decorator) => decorator.name === 'OperationId');
  const inherits = own.length === 0 && !isPublic;
  return {
    at: at(node),
    name,
    verb: verb.name.toLowerCase(),
    path: joined(controller.route, pathIn(verb)),
    isPathWritten: pathIn(verb) !== undefined,
    operationId: textOf(named?.parameters[0]) ?? name,
    tags: [...tagsIn(decorators), ...controller.tags],
    demands: inherits ? controller.demands : own,
    isPublic: isPublic || (inherits && controller.isPublic),
    isHidden: decorators.some((decorator) => decorator.name === 'Hidden'),
    summary: ts
      .getJSDocTags(node)
      .filter(({ tagName }) => tagName.text === 'summary')
      .map(({ comment }) => ts.getTextOfJSDocComment(comment)?.trim())[0],
    description: commentOf(node),
    undescribed: node.parameters
      .filter((parameter) => decoratorsOf(parameter, at).some((each) => listed.includes(each.name)))
      .filter((parameter) => !ts.getJSDocParameterTags(parameter).some(({ comment }) => comment))
      .map((parameter) => parameter.name.getText()),
  };
}

function decoratorsOf(node: ts.Node, at: Locate): Decorator[] {
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

function demandsIn(decorators: readonly Decorator[]): Demand[] {
  return decorators
    .filter(({ name }) => name === 'Security')
    .map(({ at, parameters: [scheme, scopes] }) => ({
      at,
      schemes:
        scheme && ts.isObjectLiteralExpression(scheme)
          ? Object.fromEntries(scheme.properties.map(schemeIn))
          : { [textOf(scheme) ?? '']: scopes === undefined ? [] : textsOf(scopes) },
    }));
}

function schemeIn(property: ts.ObjectLiteralElementLike): [string, readonly string[] | undefined] {
  const { name } = property;
  const isNamed = name && (ts.isIdentifier(name) || ts.isStringLiteralLike(name));
  const scopes = ts.isPropertyAssignment(property) ? textsOf(property.initializer) : undefined;
  return [isNamed ? name.text : '', scopes];
}

function tagsIn(decorators: readonly Decorator[]): string[] {
  return decorators
    .filter(({ name }) => name === 'Tags')
    .flatMap(({ parameters }) => parameters.map(textOf).filter((name) => name !== undefined));
}

/** Undefined where it is not written out as a string. */
function pathIn({ parameters }: Decorator): string | undefined {
  return parameters.length === 0 ? '' : textOf(parameters[0]);
}

function textOf(node: ts.Node | undefined): string | undefined {
  return node && ts.isStringLiteralLike(node) ? node.text : undefined;
}

function textsOf(node: ts.Node): readonly string[] | undefined {
  if (!ts.isArrayLiteralExpression(node)) return undefined;
  const texts = node.elements.map(textOf);
  return texts.every((text) => text !== undefined) ? texts : undefined;
}

function joined(route: string | undefined, path: string | undefined): string | undefined {
  if (route === undefined || path === undefined) return undefined;
  const parts = `${route}/${path}`.split('/').filter((part) => part !== '');
  return `/${parts.join('/')}`.replaceAll(/:([^/]+)/g, '{$1}');
}

function commentOf(node: ts.Node): string | undefined {
  const [comment] = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc);
  const text = ts.getTextOfJSDocComment(comment?.comment)?.trim();
  return text === '' ? undefined : text;
}

function isModel(node: ts.Node): node is ModelNode {
  return (
    (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node) || ts.isEnumDeclaration(node)) &&
    isExported(node)
  );
}

function isExported(node: ts.Declaration): boolean {
  return (ts.getCombinedModifierFlags(node) & ts.ModifierFlags.Export) !== 0;
}

function propertiesOf(node: ModelNode, at: Locate): Map<string, string> {
  return new Map(
    membersOf(node).flatMap((member) => (member.name ? [[member.name.getText(), at(member)]] : [])),
  );
}

function membersOf(node: ModelNode): readonly (ts.TypeElement | ts.EnumMember)[] {
  if (!ts.isTypeAliasDeclaration(node)) return [...node.members];
  return ts.isTypeLiteralNode(node.type) ? node.type.members : [];
}
