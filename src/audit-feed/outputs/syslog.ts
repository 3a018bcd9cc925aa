import type { SyslogReceiver } from '../../config/audit-receivers.js';
import type { AuditSender } from './audit-output.js';
import { sendDatagrams } from './syslog-datagrams.js';
import { formatSyslog, maxBytes, type SyslogFormat } from './syslog-message.js';
import { frame, sendStream, type SyslogFraming } from './syslog-stream.js';

export interface SyslogOptions {
  readonly receiver: SyslogReceiver;
  readonly format: SyslogFormat;
  readonly framing: SyslogFraming;
  /** Of Latchkey. */
  readonly version: string;
  /** Milliseconds that a batch may take; 10,000 by default. */
  readonly timeout?: number;
}

/** Sends rows as syslog messages: over UDP (RFC 5426), or over TCP (RFC 6587) or TLS (RFC 5425). */
export function createSyslogSender({
  receiver,
  format,
  framing,
  version,
  timeout = 10_000,
}: SyslogOptions): AuditSender {
  const isDatagram = receiver.transport === 'udp';
  const limit = isDatagram ? maxBytes.datagram : maxBytes.stream;
  return {
    name: 'syslog',
    // A burst that is larger than a receiver's buffer (208 KiB by default on Linux) is lost.
    maxRows: isDatagram ? 50 : 200,
    async send(rows, stop) {
      const messages = rows.map((row) => formatSyslog(row, format, version, limit));
      const signal = AbortSignal.any([stop, AbortSignal.timeout(timeout)]);
      if (isDatagram) await sendDatagrams(receiver, messages, signal);
      else await sendStream(receiver, frame(messages, framing), signal);
    },
  };
}
