// Reads controllers and models from the sources, each with its file and line. It uses TypeScript's parser alone, so that it
// works where nothing compiles yet.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import ts from 'typescript';
import { readCommentTags, type CommentTag } from './comment-tags.ts';
import {
  readDecorators,
  readDemands,
  findPath,
  findTags,
  readText,
  type Decorator,
  type Demand,
  type Locate,
} from './decorators.ts';
import { readParameter, readTakenParameter, type Parameter, type TakenParameter } from './parameters.ts';

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
  /** The tag that its name stands for: `Audit logs` of `AuditLogsController`. */
  readonly derivedTag: string;
  readonly demands: readonly Demand[];
  readonly isPublic: boolean;
  readonly operations: Operation[];
  /** Members that have a decorator of operations and are no operations. */
  readonly strays: { readonly at: string; readonly name: string; readonly decorator: string }[];
}

export interface Operation {
  readonly at: string;
  /** The name of the method. */
  readonly name: string;
  /** The HTTP method in lower case. */
  readonly verb: string;
  /** The path as in the contract, `/reports/{id}`; undefined: not known. */
  readonly path: string | undefined;
  /** Whether the argument of `@Get` and the like is a literal. */
  readonly isPathWritten: boolean;
  readonly operationId: string;
  /** The tags of the operation and of its controller. */
  readonly tags: readonly string[];
  /** The scopes of the operation's `@Security`, or else of its controller's. */
  readonly demands: readonly Demand[];
  /** Whether the operation or its controller has `@NoSecurity()`. */
  readonly isPublic: boolean;
  readonly isHidden: boolean;
  /** The status of `@SuccessResponse`. */
  readonly successStatus: string | undefined;
  readonly summary: string | undefined;
  readonly description: string | undefined;
  /** The parameters in the path, the query and the headers. */
  readonly parameters: readonly Parameter[];
  /** All parameters of the method. */
  readonly takes: readonly TakenParameter[];
  /** Where its `@FileLimits` is. */
  readonly fileLimitsAt: string | undefined;
  /** `private` or `protected`: tsoa passes over it. */
  readonly isInaccessible: boolean;
  readonly commentTags: readonly CommentTag[];
  /** The codes of problems that the method throws itself. */
  readonly thrown: readonly string[];
}

/** An interface, type alias or enum. */
export interface Model {
  readonly at: string;
  readonly file: string;
  readonly name: string;
  readonly isExported: boolean;
  readonly commentTags: readonly CommentTag[];
  /** Property → file and line. */
  readonly properties: ReadonlyMap<string, string>;
  readonly propertyTags: ReadonlyMap<string, readonly CommentTag[]>;
  /** As they are written. */
  readonly propertyTypes: ReadonlyMap<string, string>;
}

export interface Sources {
  readonly controllers: readonly Controller[];
  readonly models: readonly Model[];
}

type ModelNode = ts.InterfaceDeclaration | ts.TypeAliasDeclaration | ts.EnumDeclaration;

const verbs = ['Get', 'Post', 'Put', 'Patch', 'Delete', 'Head', 'Options'];

/** Decorators that only operations have. */
const operationDecorators = [
  ...['Security', 'NoSecurity', 'SuccessResponse', 'Response', 'OperationId', 'Tags'],
  ...['Produces', 'Consumes', 'Hidden', 'Deprecated', 'Middlewares'],
];

/**
 * @param root of the project, which files are named relative to
 * @param files with each node's parent; those below its `src` are read. Without it, what controllers may need is parsed.
 */
export function readSources(root: string, files: Iterable<ts.SourceFile> = parseSources(root)): Sources {
  const controllers: Controller[] = [];
  const models: Model[] = [];
  const own = [...files]
    .filter(({ isDeclarationFile }) => !isDeclarationFile)
    .map((source) => ({ source, file: relative(root, source.fileName).replaceAll(sep, '/') }))
    .filter(({ file }) => file.startsWith('src/'))
    .sort((one, other) => (one.file < other.file ? -1 : 1));
  for (const { source, file } of own) {
    const at: Locate = (node) =>
      `${file}:${source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1}`;
    for (const node of source.statements) {
      if (ts.isClassDeclaration(node) && node.name) {
        const controller = readController(node, node.name.text, file, at);
        if (controller.isRouted || controller.operations.length > 0) controllers.push(controller);
      }
      if (isModel(node)) {
        models.push({ ...readModel(node, at), file });
      }
    }
  }
  return { controllers, models };
}

function parseSources(root: string): ts.SourceFile[] {
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .sort();
  const folders = new Set(files.filter((file) => file.endsWith('.controller.ts')).map(dirname));
  return files.flatMap((name) => {
    const path = join(root, 'src', name);
    const text = readFileSync(path, 'utf8');
    const isRead = name.endsWith('.models.ts') || folders.has(dirname(name)) || text.includes('@Route');
    return isRead ? [ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)] : [];
  });
}

function readController(node: ts.ClassDeclaration, name: string, file: string, at: Locate): Controller {
  const decorators = readDecorators(node, at);
  const routed = decorators.find((decorator) => decorator.name === 'Route');
  const controller: Controller = {
    at: at(node),
    file,
    name,
    comment: readComment(node),
    isRouted: routed !== undefined,
    route: routed && findPath(routed),
    isExported: isExported(node) && (ts.getCombinedModifierFlags(node) & ts.ModifierFlags.Default) === 0,
    tags: findTags(decorators),
    derivedTag: asWords(name.replace(/Controller$/, '')),
    demands: readDemands(decorators),
    isPublic: decorators.some((decorator) => decorator.name === 'NoSecurity'),
    operations: [],
    strays: [],
  };
  for (const member of node.members) {
    const own = readDecorators(member, at);
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
  const own = readDemands(decorators);
  const isPublic = decorators.some((decorator) => decorator.name === 'NoSecurity');
  const named = decorators.find((decorator) => decorator.name === 'OperationId');
  const inherits = own.length === 0 && !isPublic;
  return {
    at: at(node),
    name,
    verb: verb.name.toLowerCase(),
    path: joinPaths(controller.route, findPath(verb)),
    isPathWritten: findPath(verb) !== undefined,
    operationId: readText(named?.parameters[0]) ?? name,
    tags: [...findTags(decorators), ...controller.tags],
    demands: inherits ? controller.demands : own,
    isPublic: isPublic || (inherits && controller.isPublic),
    isHidden: decorators.some((decorator) => decorator.name === 'Hidden'),
    successStatus: decorators
      .find((decorator) => decorator.name === 'SuccessResponse')
      ?.parameters[0]?.getText()
      .replaceAll(/['"]/g, ''),
    summary: ts
      .getJSDocTags(node)
      .filter(({ tagName }) => tagName.text === 'summary')
      .map(({ comment }) => ts.getTextOfJSDocComment(comment)?.trim())[0],
    description: readComment(node),
    parameters: node.parameters.flatMap((parameter) => readParameter(parameter, at)),
    takes: node.parameters.map((parameter) => readTakenParameter(parameter, at)),
    fileLimitsAt: decorators.find((decorator) => decorator.name === 'FileLimits')?.at,
    isInaccessible:
      (ts.getCombinedModifierFlags(node) & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected)) !== 0,
    commentTags: readCommentTags(node, at),
    thrown: node.body ? findThrownProblems(node.body) : [],
  };
}

/** `throw new Problem('not_found', …)`, and a project's own: `throw problems.create('report_locked', …)` */
function findThrownProblems(body: ts.Node): string[] {
  const codes = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isThrowStatement(node)) {
      const text = findCode(node.expression);
      if (text !== undefined) codes.add(text);
    }
    ts.forEachChild(node, visit);
  };
  visit(body);
  return [...codes];
}

function findCode(thrown: ts.Expression): string | undefined {
  if (!ts.isNewExpression(thrown) && !ts.isCallExpression(thrown)) return undefined;
  const { expression, arguments: [code] = [] } = thrown;
  const isProblem = ts.isNewExpression(thrown)
    ? expression.getText().endsWith('Problem')
    : /[pP]roblems\.create$/.test(expression.getText());
  return isProblem ? readText(code) : undefined;
}

function joinPaths(route: string | undefined, path: string | undefined): string | undefined {
  if (route === undefined || path === undefined) return undefined;
  const parts = `${route}/${path}`.split('/').filter((part) => part !== '');
  return `/${parts.join('/')}`.replaceAll(/:([^/]+)/g, '{$1}');
}

function readComment(node: ts.Node): string | undefined {
  const [comment] = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc);
  const text = ts.getTextOfJSDocComment(comment?.comment)?.trim();
  return text === '' ? undefined : text;
}

function isModel(node: ts.Node): node is ModelNode {
  return ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node) || ts.isEnumDeclaration(node);
}

function isExported(node: ts.Declaration): boolean {
  return (ts.getCombinedModifierFlags(node) & ts.ModifierFlags.Export) !== 0;
}

function readModel(node: ModelNode, at: Locate): Omit<Model, 'file'> {
  const members = listMembers(node).flatMap((member) =>
    member.name ? [{ member, name: member.name.getText() }] : [],
  );
  return {
    at: at(node),
    name: node.name.text,
    isExported: isExported(node),
    commentTags: readCommentTags(node, at),
    properties: new Map(members.map(({ name, member }) => [name, at(member)])),
    propertyTags: new Map(members.map(({ name, member }) => [name, readCommentTags(member, at)])),
    propertyTypes: new Map(
      members.map(({ name, member }) => [
        name,
        ts.isPropertySignature(member) ? (member.type?.getText() ?? '') : '',
      ]),
    ),
  };
}

function listMembers(node: ModelNode): readonly (ts.TypeElement | ts.EnumMember)[] {
  if (!ts.isTypeAliasDeclaration(node)) return [...node.members];
  return ts.isTypeLiteralNode(node.type) ? node.type.members : [];
}

/** `AuditLogs` → `Audit logs` */
function asWords(name: string): string {
  const words = name.replaceAll(/(?<=[a-z0-9])[A-Z]|(?<=[A-Z])[A-Z](?=[a-z])/g, ' $&').split(' ');
  const [first = '', ...others] = words;
  return [first, ...others.map((word) => (/^[A-Z]{2,}$/.test(word) ? word : word.toLowerCase()))].join(' ');
}
