import { createHmac } from 'node:crypto';
import type { ChainedRow } from '../../audit/audit-list.store.js';
import type { Clock } from '../../clock.js';
import { toAuditEntry } from '../audit-entry.js';
import type { AuditSender } from './audit-output.js';
import { parseRetryAfter, RetryLater } from './retry-later.js';

export interface WebhookOptions {
  readonly url: string;
  /** The current secret first; a request is signed with each, so that a receiver can change over. */
  readonly secrets: readonly string[];
  /** Milliseconds that a request may take; 10,000 by default. */
  readonly timeout?: number;
}

/** Posts rows as JSON, signed as Standard Webhooks 1.0.0 says (github.com/standard-webhooks). Redirects are not followed. */
export function createWebhookSender(
  { url, secrets, timeout = 10_000 }: WebhookOptions,
  clock: Clock,
): AuditSender {
  const keys = secrets.map(readKey);
  return {
    name: 'webhook',
    maxRows: 100,
    async send(rows, stop) {
      const id = createMessageId(rows);
      const timestamp = String(Math.floor(clock.now() / 1000));
      const body = JSON.stringify({ items: rows.map(toAuditEntry) });
      const signatures = keys.map(
        (key) => `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`,
      );
      const response = await fetch(url, {
        method: 'POST',
        headers: {
          'Content-Type': 'application/json',
          'User-Agent': 'Latchkey',
          'webhook-id': id,
          'webhook-timestamp': timestamp,
          'webhook-signature': signatures.join(' '),
        },
        body,
        redirect: 'manual',
        signal: AbortSignal.any([stop, AbortSignal.timeout(timeout)]),
      });
      // Its length has no limit, and nothing in it counts.
      await response.body?.cancel();
      if (response.ok) return;
      const wait = parseRetryAfter(response.headers.get('Retry-After'), clock.now());
      const refusal = describeRefusal(response.status);
      throw wait === undefined ? new Error(refusal) : new RetryLater(refusal, wait);
    },
  };
}

/** The same for the same rows: a receiver knows a repetition by it. */
function createMessageId(rows: readonly ChainedRow[]): string {
  return `audit_${rows[0]?.id ?? ''}_${rows.length}`;
}

/** `whsec_` and base64, as Standard Webhooks writes secrets; any other text is the key itself. */
function readKey(secret: string): Buffer {
  const prefix = 'whsec_';
  return secret.startsWith(prefix)
    ? Buffer.from(secret.slice(prefix.length), 'base64')
    : Buffer.from(secret, 'utf8');
}

function describeRefusal(status: number): string {
  return status >= 300 && status < 400
    ? `The webhook responds with a redirect (${status}), which is not followed: set LATCHKEY_AUDIT_WEBHOOK_URL to the address it leads to.`
    : `The webhook responds with ${status}.`;
}
