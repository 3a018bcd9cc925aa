/** What `bin/latchkey.js` does itself: it builds, which nothing that is built can do. */
export interface Launcher {
  /** Of the package. */
  readonly version: string;
  readonly start: () => Promise<void>;
  readonly develop: () => Promise<void>;
  readonly build: () => void;
}
