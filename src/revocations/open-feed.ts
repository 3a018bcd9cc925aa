import type { Logger } from 'pino';
import type { Database } from '../database/database.js';
import type { Feed, FeedHandler } from './feed.js';
import { PostgresFeed } from './postgres-feed.js';
import { SqliteFeed } from './sqlite-feed.js';

/** What the log calls it. */
const subject = 'reading what another process wrote';

/**
 * Creates the feed for the database's kind; it is not started yet.
 * @param bound how old the feed may be, in milliseconds.
 */
export function openFeed(
  { changes, outages, beforeClose }: Pick<Database, 'changes' | 'outages' | 'beforeClose'>,
  follower: FeedHandler,
  { bound, log }: { readonly bound: number; readonly log: Logger },
): Feed {
  const feed =
    changes.how === 'notifications'
      ? new PostgresFeed(changes.connect, follower, bound, log, outages)
      : new SqliteFeed(
          changes.version,
          follower,
          (error) => {
            outages.recordFailure(subject, error, {}, 'error');
          },
          () => {
            outages.recordRecovery(subject);
          },
        );
  beforeClose(() => feed.stop());
  return feed;
}
