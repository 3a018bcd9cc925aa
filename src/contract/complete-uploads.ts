import type { ResolvedFileLimits } from '../http/file-limits.js';
import type { MediaType, Operation, Schema } from './openapi.js';

/** The media type of a form with files. */
export const uploadType = 'multipart/form-data';

/** How many files of which kind an operation takes, and whether it says so itself. */
export interface DescribedLimits extends ResolvedFileLimits {
  readonly isDeclared: boolean;
}

/**
 * Adds to a form with files what the service refuses: the size of a file (as `maxLength`, in bytes), the number of files,
 * media types (`encoding`, OpenAPI 3.0.3 §4.7.15), fields that are not in it.
 */
export function completeUpload(
  { requestBody }: Operation,
  limits: DescribedLimits,
  warn: (what: string) => void,
): void {
  const media = requestBody?.content[uploadType];
  const { schema } = media ?? {};
  if (!media || !schema?.properties) return;
  schema.additionalProperties = false;
  const files = Object.entries(schema.properties).filter(([, part]) => isFile(part.items ?? part));
  for (const [name, part] of Object.entries(schema.properties)) {
    if (part.items && isFile(part.items)) Object.assign(part, { maxItems: limits.maxCount });
    const inner = part.items ?? part;
    if (isFile(inner)) Object.assign(inner, { maxLength: limits.maxSize });
    else inner['maxLength'] ??= 65_536;
    part['description'] ??= `The ${isFile(inner) ? 'file' : 'text'} "${name}".`;
  }
  if (files.length === 0) return;
  if (limits.types.length > 0) {
    media.encoding = Object.fromEntries(
      files.map(([name]) => [name, { contentType: limits.types.join(', ') }]),
    );
  }
  if (!limits.isDeclared) {
    const names = files.map(([name]) => `"${name}"`).join(', ');
    warn(
      `takes files of any type (${names}), up to ${limits.maxSizeText} each. Write @FileLimits({ maxSize: '5 MB', types: ['image/png'] }), or what fits, above the method.`,
    );
  }
}

/** The errors of a form with files, by status. */
export function describeUploadErrors({ maxSizeText, types }: ResolvedFileLimits): Record<string, string> {
  const wrongType =
    types.length > 0
      ? `A file is none of ${types.join(', ')}, or the body is compressed`
      : 'The body is compressed';
  return {
    400: 'The request cannot be read, or its body is no form with files: `bad_request`, `missing_form`.',
    413: `A file is larger than ${maxSizeText}, or a text than 64 KiB: \`payload_too_large\`.`,
    415: `${wrongType}: \`unsupported_media_type\`.`,
    422: 'A file is missing, there are too many, or the request does not match this contract otherwise; `errors` has the reasons: `validation_failed`.',
  };
}

function isFile({ format }: Schema): boolean {
  return format === 'binary';
}

/** Whether examples can be given: not for a form with files. */
export function hasFiles({ schema }: MediaType): boolean {
  return Object.values(schema?.properties ?? {}).some((part) => isFile(part.items ?? part));
}
