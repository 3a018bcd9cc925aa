import type { Feed, FeedHandler } from './feed.js';

/** How often the SQLite file is polled for changes, in milliseconds. */
const pollInterval = 500;

/**
 * The feed on SQLite: only one service process uses the file, and polling shows what an operator's command has written.
 */
export class SqliteFeed implements Feed {
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;
  #freshAt = -Infinity;

  /** @param version its result changes whenever another process has committed. */
  constructor(
    private readonly version: () => Promise<unknown>,
    private readonly follower: FeedHandler,
    private readonly onFailure: (error: unknown) => void,
    private readonly onSuccess: () => void = () => undefined,
  ) {}

  isCurrent(): boolean {
    return true;
  }

  getLag(): number {
    return performance.now() - this.#freshAt;
  }

  getRecentOutage(): number {
    return 0;
  }

  async start(): Promise<void> {
    let begunAt = performance.now();
    let seen = await this.version();
    await this.follower.readAll();
    this.#freshAt = begunAt;
    const takeOver = async (): Promise<void> => {
      begunAt = performance.now();
      const current = await this.version();
      if (current !== seen) await this.follower.readAll();
      seen = current;
      this.#freshAt = begunAt;
    };
    let isLooking = false;
    this.#timer = setInterval(() => {
      if (isLooking) return;
      isLooking = true;
      takeOver()
        .then(this.onSuccess)
        .catch((error: unknown) => {
          // The next poll tries again, unless the file was closed meanwhile.
          if (!this.#isStopped) this.onFailure(error);
        })
        .finally(() => {
          isLooking = false;
        });
    }, pollInterval).unref();
  }

  stop(): void {
    this.#isStopped = true;
    clearInterval(this.#timer);
  }
}
