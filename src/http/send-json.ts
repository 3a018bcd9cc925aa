import type { Response } from 'express';

/** Sends a value as JSON, with all headers in one `writeHead` call; see `setDefaultHeaders`. */
export function sendJson(
  response: Response,
  status: number,
  value: unknown,
  headers?: Readonly<Record<string, string>>,
  mediaType = 'application/json; charset=utf-8',
): void {
  const text = JSON.stringify(value);
  const length = String(Buffer.byteLength(text));
  const own = headers ? Object.entries(headers).flat() : [];
  response.writeHead(status, ['Content-Type', mediaType, 'Content-Length', length, ...own]);
  response.end(text);
}
