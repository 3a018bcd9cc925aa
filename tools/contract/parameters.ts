// Reads the parameters of operations' methods.
import ts from 'typescript';
import { readDecorators, readText, type Locate } from './decorators.ts';

/** A parameter that the contract lists. */
export interface Parameter {
  readonly at: string;
  /** The name in the method. */
  readonly name: string;
  /** The name in the contract. */
  readonly sentAs: string;
  /** Whether the comment has a `@param` for it. */
  readonly isDescribed: boolean;
}

/** Any parameter, as it is written. */
export interface TakenParameter {
  readonly at: string;
  /** The name in the method. */
  readonly name: string;
  /** The name in the request. */
  readonly sentAs: string;
  /** tsoa's decorator; undefined: it has none, and is one of the path. */
  readonly decorator: string | undefined;
  /** As it is written; empty: it is not. */
  readonly type: string;
}

/** The parameters that the contract lists one by one, and whose description is a `@param` of the method. */
const listed = ['Path', 'Query', 'Header'];
const decorators = [
  ...[...listed, 'Queries', 'Body', 'BodyProp', 'FormField', 'UploadedFile', 'UploadedFiles'],
  ...['Request', 'RequestProp', 'Res', 'Inject'],
];

export function readParameter(node: ts.ParameterDeclaration, at: Locate): Parameter[] {
  const name = node.name.getText();
  const decorator = readDecorators(node, at).find((each) => listed.includes(each.name));
  if (!decorator) return [];
  const isDescribed = ts.getJSDocParameterTags(node).some(({ comment }) => comment);
  return [{ at: at(node), name, sentAs: readText(decorator.parameters[0]) ?? name, isDescribed }];
}

export function readTakenParameter(node: ts.ParameterDeclaration, at: Locate): TakenParameter {
  const name = node.name.getText();
  const decorator = readDecorators(node, at).find((each) => decorators.includes(each.name));
  return {
    at: at(node),
    name,
    sentAs: readText(decorator?.parameters[0]) ?? name,
    decorator: decorator?.name,
    type: node.type?.getText() ?? '',
  };
}
