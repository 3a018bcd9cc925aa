import type { TestApp } from './test-app.js';

export interface ReadMessage {
  readonly template: string;
  readonly text: string;
  /** In its link; empty: it has none. */
  readonly token: string;
  readonly code: string;
}

/** The messages to an address, newest first. */
export async function readMessages({ services }: TestApp, address: string): Promise<ReadMessage[]> {
  const { outbox, database } = services;
  const rows = (await outbox.list(database.queries, { limit: 200 })).filter((row) => row.address === address);
  return Promise.all(
    rows.map(async ({ id, template }) => {
      const text = (await outbox.read(database.queries, id))?.message?.text ?? '';
      return {
        template,
        text,
        token: /\/verify-email\?token=(\S+)/.exec(text)?.[1] ?? '',
        code: /^ {4}(\d{3}) (\d{3})$/m.exec(text)?.slice(1).join('') ?? '',
      };
    }),
  );
}

export function otherCode(code: string): string {
  return code === '000000' ? '000001' : '000000';
}
