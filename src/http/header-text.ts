/** Visible ASCII characters but `%`, and those that lists in headers are made with (RFC 9110 §5.6). */
const plain = /[^!#$&-+\--~]+/g;

/**
 * A text as the value of a header, where only ASCII arrives everywhere as it was sent (RFC 9110 §5.5): spaces, `%`, `"`,
 * commas and all that is not ASCII are percent-encoded as UTF-8, which `decodeURIComponent` and its kin undo.
 */
export function encodeHeaderText(text: string): string {
  return text.replaceAll(plain, (part) => encodeURIComponent(part.toWellFormed()));
}
