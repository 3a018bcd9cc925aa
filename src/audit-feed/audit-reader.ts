import { StreamReader } from '../http/stream-reader.js';

const maxMissedHeartbeats = 3;

export class AuditReader extends StreamReader {
  #hasNews = false;

  constructor() {
    super(maxMissedHeartbeats);
  }

  protected get hasNews(): boolean {
    return this.#hasNews;
  }

  /** Wakes the reader: there are new rows. */
  notify(): void {
    this.#hasNews = true;
    this.wake();
  }

  /** To be called before rows are read: what is added from then on counts as news. @returns whether a heartbeat is due. */
  take(): boolean {
    this.#hasNews = false;
    return this.takeHeartbeats();
  }
}
