import { toSentence } from './names.js';
import type { Document, Operation, ResponseObject, Schema } from './openapi.js';

/** tsoa's tag for a controller without one. */
const withoutDescription = ['', 'Ok', 'No content'];

/**
 * Derives what a controller leaves out from its names: the summary from the method, the description from the summary, the
 * tag from the controller, and the description of a successful response from its model.
 * @param tags operation (`GET /tickets/{id}`) → the tag derived from its controller's name.
 */
export function deriveOperations(document: Document, tags: Readonly<Record<string, string>> = {}): void {
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      operation.summary ||= toSentence(operation.operationId);
      operation.description ||= `${operation.summary}.`;
      if ((operation.tags ?? []).length === 0) {
        const [, root = ''] = path.split('/');
        operation.tags = [tags[`${method.toUpperCase()} ${path}`] ?? (toSentence(root) || 'Operations')];
      }
      for (const [status, response] of Object.entries(operation.responses)) {
        if (Number(status) < 300 && withoutDescription.includes(response.description))
          response.description = describeSuccess(status, response);
      }
    }
  }
  describeTags(document);
}

function describeSuccess(status: string, { content = {} }: ResponseObject): string {
  const [media] = Object.values(content);
  if (media?.schema) return describeBody(media.schema);
  return status === '202' ? 'Accepted.' : 'Done.';
}

function describeBody({ $ref: reference, allOf, items }: Schema): string {
  if (Array.isArray(allOf) && allOf.length === 1) return describeBody(allOf[0] as Schema);
  if (items) return 'The list.';
  const model = reference?.split('/').at(-1) ?? 'Result';
  // A model named after the operation is the operation's result.
  const subject = model.endsWith('Result') ? 'result' : model.replace(/(?<=.)Response$/, '');
  return `${toSentence(`the_${subject}`)}.`;
}

/** A tag without a description gets the summaries of its operations. */
function describeTags(document: Document): void {
  const byTag = new Map<string, Operation[]>();
  for (const operations of Object.values(document.paths)) {
    for (const operation of Object.values(operations)) {
      const [tag = ''] = operation.tags ?? [];
      byTag.set(tag, [...(byTag.get(tag) ?? []), operation]);
    }
  }
  const described = document.tags ?? [];
  const missing = [...byTag].filter(([name]) => !described.some((tag) => tag.name === name));
  document.tags = [
    ...described,
    ...missing
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, operations]) => ({
        name,
        description: describeTag(operations),
      })),
  ];
}

function describeTag(operations: readonly Operation[]): string {
  const summaries = operations.map(({ summary = '' }, index) =>
    index === 0 ? summary : summary.charAt(0).toLowerCase() + summary.slice(1),
  );
  return `${summaries.join('; ')}.`;
}
