/**
 * Characters of an access token at most, and of what is accepted as one before it is parsed: beside it there is room for
 * the other headers of a request in the 16 KiB that Node reads.
 */
export const maxTokenLength = 8192;
