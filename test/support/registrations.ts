import { listMessagesTo } from './messages.js';
import type { TestApp } from './test-app.js';

export interface ReadMessage {
  readonly template: string;
  readonly text: string;
  /** In its link; empty: it has none. */
  readonly token: string;
  readonly code: string;
}

/** The messages to an address, newest first. */
export async function readMessages(app: TestApp, address: string): Promise<ReadMessage[]> {
  return (await listMessagesTo(app, address)).map(({ template, text }) => ({
    template,
    text,
    ...readProof(text),
  }));
}

/** What a message says of how an address is verified. */
export function readProof(text: string): { readonly token: string; readonly code: string } {
  return {
    token: /\/verify-email\?token=(\S+)/.exec(text)?.[1] ?? '',
    code: /^ {4}(\d{3}) (\d{3})$/m.exec(text)?.slice(1).join('') ?? '',
  };
}

export function chooseOtherCode(code: string): string {
  return code === '000000' ? '000001' : '000000';
}
