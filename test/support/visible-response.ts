import { expect } from 'chai';
import type { Response } from 'supertest';

/** Everything that a client can see of a response, except what differs between any two: its id and its date. */
export function readVisible({ status, text, headers }: Response): object {
  const { 'x-request-id': id, date, ...rest } = headers as Record<string, string>;
  expect(id && date).to.be.a('string');
  return { status, text, rest };
}

/**
 * The same of a response whose body has a random field: of that, and of the headers that follow from it, only the length
 * may tell two responses apart.
 */
export function readVisibleExcept(field: string, { status, body, headers }: Response): object {
  const { [field]: random, ...rest } = body as Record<string, string | undefined>;
  const { date, 'x-request-id': requestId, etag, ...others } = headers as Record<string, string>;
  const lengths = [date, requestId, etag, random].map((value) => value?.length);
  return { status, rest, lengths, names: Object.keys(headers), others };
}
