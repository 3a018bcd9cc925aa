// What the sources say of the contract, and where they say it: file and line. It reads with TypeScript's parser alone,
// so that it has an answer where nothing compiles yet.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import ts from 'typescript';

const verbs = ['Get', 'Post', 'Put', 'Patch', 'Delete', 'Head', 'Options'];

/** What only an operation has. */
const ofOperations = [
  ...['Security', 'NoSecurity', 'SuccessResponse', 'Response', 'OperationId', 'Tags'],
  ...['Produces', 'Consumes', 'Hidden', 'Deprecated', 'Middlewares'],
];

/** The parameters that the contract lists one by one, and whose description is a `@param` of the method. */
const listed = ['Path', 'Query', 'Header'];

/**
 * @typedef {object} Demand one `@Security`
 * @property {string} at
 * @property {Record<string, string[] | undefined>} schemes what is demanded of each; undefined: not written out
 */
/**
 * @typedef {object} Controller a class with a `@Route` or with operations
 * @property {string} at file and line, as `src/reports/reports.controller.ts:12`
 * @property {string} file
 * @property {string} name
 * @property {string | undefined} comment
 * @property {string | undefined} route undefined: it has none that is written out
 * @property {boolean} isRouted
 * @property {boolean} isExported
 * @property {string[]} tags
 * @property {Demand[]} demands
 * @property {boolean} isPublic
 * @property {Operation[]} operations
 * @property {{ at: string, name: string, decorator: string }[]} strays what has an operation's decorator, and is none
 */
/**
 * @typedef {object} Operation
 * @property {string} at
 * @property {string} name the method's
 * @property {string} verb in lower case
 * @property {string | undefined} path as in the contract, `/reports/{id}`; undefined: not known
 * @property {boolean} isPathWritten whether its part of the path is written out
 * @property {string} operationId
 * @property {string[]} tags its own and its controller's
 * @property {Demand[]} demands its own, or its controller's
 * @property {boolean} isPublic whether it, or its controller, says `@NoSecurity()`
 * @property {boolean} isHidden
 * @property {string | undefined} summary
 * @property {string | undefined} description
 * @property {string[]} undescribed the parameters without a `@param`
 */
/**
 * @typedef {object} Model an exported type
 * @property {string} at
 * @property {string} file
 * @property {string} name
 * @property {Map<string, string>} properties where each is
 */

/**
 * @param {string} root the checkout
 * @returns {{ controllers: Controller[], models: Model[] }}
 */
export function readSources(root) {
  const files = readdirSync(join(root, 'src'), { recursive: true })
    .filter((file) => file.endsWith('.ts'))
    .sort();
  const controllers = [];
  const models = [];
  for (const name of files) {
    const path = join(root, 'src', name);
    const text = readFileSync(path, 'utf8');
    if (!/\.(controller|models)\.ts$/.test(name) && !text.includes('@Route')) continue;
    const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
    const file = relative(root, path).replaceAll(sep, '/');
    const at = (node) => `${file}:${source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1}`;
    for (const node of source.statements) {
      if (ts.isClassDeclaration(node) && node.name) {
        const controller = readController(node, file, at);
        if (controller.isRouted || controller.operations.length > 0) controllers.push(controller);
      }
      if (isModel(node)) {
        models.push({ at: at(node), file, name: node.name.text, properties: propertiesOf(node, at) });
      }
    }
  }
  return { controllers, models };
}

function readController(node, file, at) {
  const decorators = decoratorsOf(node, at);
  const routed = decorators.find(({ name }) => name === 'Route');
  const controller = {
    at: at(node),
    file,
    name: node.name.text,
    comment: commentOf(node),
    isRouted: routed !== undefined,
    route: routed && pathIn(routed),
    isExported: isExported(node),
    tags: tagsIn(decorators),
    demands: demandsIn(decorators),
    isPublic: decorators.some(({ name }) => name === 'NoSecurity'),
    operations: [],
    strays: [],
  };
  for (const member of node.members) {
    const own = decoratorsOf(member, at);
    const verb = own.find(({ name }) => verbs.includes(name));
    const stray = own.find(({ name }) => verbs.includes(name) || ofOperations.includes(name));
    if (verb && ts.isMethodDeclaration(member)) {
      controller.operations.push(readOperation(member, verb, own, controller, at));
    } else if (stray) {
      controller.strays.push({ at: at(member), name: member.name?.getText() ?? '', decorator: stray.name });
    }
  }
  return controller;
}

function readOperation(node, verb, decorators, controller, at) {
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
    operationId: (named && textOf(named.arguments[0])) ?? name,
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

function decoratorsOf(node, at) {
  const decorators = (ts.canHaveDecorators(node) && ts.getDecorators(node)) || [];
  return decorators.flatMap((decorator) => {
    const { expression } = decorator;
    const called = ts.isCallExpression(expression) ? expression.expression : expression;
    return ts.isIdentifier(called)
      ? [{ name: called.text, arguments: expression.arguments ?? [], at: at(decorator) }]
      : [];
  });
}

function demandsIn(decorators) {
  return decorators
    .filter(({ name }) => name === 'Security')
    .map(({ at, arguments: [scheme, scopes] }) => ({
      at,
      schemes:
        scheme && ts.isObjectLiteralExpression(scheme)
          ? Object.fromEntries(
              scheme.properties.map((property) => [property.name?.text, textsOf(property.initializer)]),
            )
          : { [textOf(scheme) ?? '']: scopes === undefined ? [] : textsOf(scopes) },
    }));
}

function tagsIn(decorators) {
  return decorators
    .filter(({ name }) => name === 'Tags')
    .flatMap(({ arguments: names }) => names.map(textOf).filter((name) => name !== undefined));
}

/** Undefined where it is not written out as a string. */
function pathIn(decorator) {
  return decorator.arguments.length === 0 ? '' : textOf(decorator.arguments[0]);
}

function textOf(node) {
  return node && ts.isStringLiteralLike(node) ? node.text : undefined;
}

function textsOf(node) {
  const texts = node && ts.isArrayLiteralExpression(node) ? node.elements.map(textOf) : [undefined];
  return texts.includes(undefined) ? undefined : texts;
}

function joined(route, path) {
  if (route === undefined || path === undefined) return undefined;
  const parts = `${route}/${path}`.split('/').filter((part) => part !== '');
  return `/${parts.join('/')}`.replaceAll(/:([^/]+)/g, '{$1}');
}

function commentOf(node) {
  const [comment] = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc);
  return ts.getTextOfJSDocComment(comment?.comment)?.trim() || undefined;
}

function isModel(node) {
  return (
    (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node) || ts.isEnumDeclaration(node)) &&
    isExported(node)
  );
}

function isExported(node) {
  return (ts.getCombinedModifierFlags(node) & ts.ModifierFlags.Export) !== 0;
}

function propertiesOf(node, at) {
  const members = node.members ?? node.type?.members ?? [];
  return new Map(members.flatMap((member) => (member.name ? [[member.name.getText(), at(member)]] : [])));
}
