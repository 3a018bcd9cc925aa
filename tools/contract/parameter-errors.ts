// What tsoa passes over of paths and of forms with files, and what it fails on without a place.
import type { Operation } from './controllers.ts';
import { nameOf, type Draft } from './finding.ts';
import type { TakenParameter } from './parameters.ts';

export function findParameterErrors(operation: Operation): Draft[] {
  return [
    ...findPathErrors(operation),
    ...findFormErrors(operation),
    ...operation.takes.flatMap(({ at, name, type }) =>
      describeCollection(at, `"${name}" of ${nameOf(operation)}`, type),
    ),
  ];
}

/** What JSON, a query and a form do not have. */
export function describeCollection(at: string, subject: string, type: string): Draft[] {
  const [, collection] = /^(?:Readonly)?(Map|Set)</.exec(type) ?? [];
  if (collection === undefined) return [];
  const instead = collection === 'Map' ? 'Record<string, …>' : 'a list';
  return [
    {
      at,
      level: 'error',
      what: `${subject} is a ${collection}, which JSON does not have. Write ${instead}.`,
    },
  ];
}

/** A path whose parameter nobody takes is no valid OpenAPI. */
function findPathErrors(operation: Operation): Draft[] {
  const { at, path = '', name, takes } = operation;
  const inPath = takes.filter(({ decorator }) => decorator === undefined || decorator === 'Path');
  const [sign] = /[*?+()[\]!:]/.exec(path.replaceAll(/\{[^{}]+\}/g, '')) ?? [];
  if (sign !== undefined) {
    const what = `${nameOf(operation)} has "${sign}" in its path, which a path cannot have. Write a parameter, such as {id}.`;
    return [{ at, level: 'error', what }];
  }
  return [...path.matchAll(/\{([^{}]+)\}/g)].flatMap(([, sent = '']) => {
    if (inPath.some(({ sentAs }) => sentAs === sent)) return [];
    const what = `${nameOf(operation)} does not take {${sent}}. Write "@Path() ${sent}: string" among the parameters of ${name}.`;
    return [{ at, level: 'error' as const, what }];
  });
}

function findFormErrors(operation: Operation): Draft[] {
  const { verb, takes, fileLimitsAt } = operation;
  const files = takes.filter(({ decorator }) => decorator?.startsWith('UploadedFile'));
  const parts = [...files, ...takes.filter(({ decorator }) => decorator === 'FormField')];
  const [first] = parts;
  const error = (at: string, what: string): Draft => ({
    at,
    level: 'error',
    what: `${nameOf(operation)} ${what}`,
  });
  return [
    ...(first && ['get', 'head'].includes(verb)
      ? [error(first.at, `has a form, which ${verb.toUpperCase()} cannot have. Write @Post() or @Put().`)]
      : []),
    ...(fileLimitsAt !== undefined && files.length === 0
      ? [error(fileLimitsAt, 'has @FileLimits and takes no file. Write "@UploadedFile() file: File".')]
      : []),
    ...parts.flatMap((part) => {
      const what = findPartError(part);
      return what === undefined ? [] : [error(part.at, what)];
    }),
  ];
}

/** tsoa takes each text for a string and each file for one or several by the decorator, whatever the type says. */
function findPartError({ name, decorator, type }: TakenParameter): string | undefined {
  const isList = /(\[\]|^(?:Readonly)?Array<.*>)$/.test(type.replace(/^readonly /, ''));
  if (decorator === 'UploadedFile' && isList)
    return `takes one file as "${name}". Write @UploadedFiles() for several.`;
  if (decorator === 'UploadedFiles' && !isList)
    return `takes several files as "${name}". Write "${name}: File[]", or @UploadedFile() for one.`;
  if (decorator === 'FormField' && !/^(string|string \| undefined)$/.test(type))
    return `takes "${name}" from a form, which has texts: it would be no ${type === '' ? 'other type' : type}. Write "@FormField() ${name}: string", and read it in the method.`;
  return undefined;
}
