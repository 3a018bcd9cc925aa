// Successful responses that are not what their operation says.
import type { Operation } from './controllers.ts';
import { nameOf, type Draft } from './finding.ts';
import type { DescribedOperation, TsoaDocument } from './tsoa-document.ts';

export function findResponseErrors(operations: readonly Operation[], { paths }: TsoaDocument): Draft[] {
  return operations.flatMap((operation) => {
    const described = operation.path === undefined ? undefined : paths[operation.path]?.[operation.verb];
    if (described?.operationId !== operation.operationId) return [];
    return [
      ...findWrongStatus(operation, described),
      ...findUnknownType(operation, described),
      ...maybeNull(operation, described),
    ];
  });
}

function findWrongStatus(operation: Operation, { responses }: DescribedOperation): Draft[] {
  const { at, successStatus } = operation;
  const name = nameOf(operation);
  const error = (what: string): Draft[] => [{ at, level: 'error', what: `${name} ${what}` }];
  if (successStatus !== undefined && !/^[23]\d\d$/.test(successStatus))
    return error(
      `says that ${successStatus} is its success. Write @SuccessResponse with a status from 200 to 299, and @Response for an error.`,
    );
  if (responses['204']?.content)
    return error(
      'responds with 204, which has no body, and returns something. Write @SuccessResponse(200, …), or let the method return Promise<void>.',
    );
  return [];
}

/** tsoa describes what it cannot read, such as `any`, by an empty schema. */
function findUnknownType(operation: Operation, { responses }: DescribedOperation): Draft[] {
  const isUnknown = Object.entries(responses).some(
    ([status, { content = {} }]) =>
      Number(status) < 300 &&
      Object.values(content).some(({ schema }) => !schema || Object.keys(schema).length === 0),
  );
  if (!isUnknown) return [];
  const what = `The contract cannot say what ${nameOf(operation)} returns. Give the method a return type: "Promise<Ticket>", with an interface of your own.`;
  return [{ at: operation.at, level: 'warning', what }];
}

/** The service responds to null with 204. */
function maybeNull(operation: Operation, { responses }: DescribedOperation): Draft[] {
  const isNullable = Object.entries(responses).some(
    ([status, { content = {} }]) =>
      Number(status) < 300 && Object.values(content).some(({ schema }) => schema?.nullable === true),
  );
  if (!isNullable) return [];
  const what = `${nameOf(operation)} may return null, which is sent as 204 without a body; the contract does not have that. Throw a problem where there is nothing: throw new Problem('not_found').`;
  return [{ at: operation.at, level: 'warning', what }];
}
