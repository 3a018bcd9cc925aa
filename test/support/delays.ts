import fs from 'node:fs';
import { Socket } from 'node:net';
import { isMainThread, MessagePort, Worker, type Transferable } from 'node:worker_threads';

/**
 * If `TEST_DELAYS` is a number, one in twenty of the writes to a connection and of the messages to a thread is late by up to
 * so many milliseconds, and each second line of a process's log by up to ten times as many: as where a machine has too
 * much to do. What is written to one of them keeps its order.
 */
const variable = 'TEST_DELAYS';
const given = process.env[variable];
/** Not a clock that a test moves. */
const { setTimeout } = globalThis;

if (given !== undefined) {
  if (!/^[1-9]\d{0,4}$/.test(given))
    throw new Error(`${variable} is "${given}", but must be a number of milliseconds.`);
  delayConnections(Number(given));
  delayLogs(10 * Number(given));
  delayMessages(Number(given));
}

function isLate(share = 0.05): boolean {
  return Math.random() < share;
}

function delayConnections(longest: number): void {
  for (const name of ['_write', '_writev'] as const) {
    const write: ((...parameters: never[]) => void) | undefined = Socket.prototype[name];
    Socket.prototype[name] = function (this: Socket, ...parameters: never[]): void {
      // The connection writes nothing else until this has been written.
      if (this.remoteAddress !== undefined && isLate())
        setTimeout(() => write?.apply(this, parameters), Math.random() * longest);
      else write?.apply(this, parameters);
    };
  }
}

function delayLogs(longest: number): void {
  const { write } = fs;
  const isOutput = (fd: number): boolean => fd === 1 || fd === 2;
  const waiting = new Set<Parameters<typeof write>>();
  const delayed = (...parameters: Parameters<typeof write>): void => {
    // pino writes nothing else until this has been written.
    if (isOutput(parameters[0]) && isLate(0.5)) {
      waiting.add(parameters);
      setTimeout(() => {
        waiting.delete(parameters);
        write(...parameters);
      }, Math.random() * longest);
    } else write(...parameters);
  };
  fs.write = Object.assign(delayed, write);
  // What a process has begun to write is written, also where it ends.
  process.on('exit', () => {
    for (const [fd, text] of waiting) fs.writeSync(fd, text);
  });
}

type Post = (this: object, message: unknown, transferred?: readonly Transferable[]) => void;

/** Of this thread, to threads that may be slower. */
function delayMessages(longest: number): void {
  if (!isMainThread) return;
  for (const prototype of [Worker.prototype, MessagePort.prototype]) {
    const post: Post = prototype.postMessage;
    const waiting = new WeakMap<object, unknown[]>();
    const sendWaiting = (receiver: object): void => {
      const messages = waiting.get(receiver) ?? [];
      waiting.delete(receiver);
      for (const message of messages) post.call(receiver, message);
    };
    const delayed: Post = function (message, transferred = []) {
      if (transferred.length > 0) {
        sendWaiting(this);
        post.call(this, message, transferred);
      } else if (waiting.has(this)) waiting.get(this)?.push(structuredClone(message));
      else if (isLate()) {
        waiting.set(this, [structuredClone(message)]);
        setTimeout(() => {
          sendWaiting(this);
        }, Math.random() * longest);
      } else post.call(this, message);
    };
    prototype.postMessage = delayed;
  }
}
