/** Implemented by `bin/latchkey.js`, which needs no build. */
export interface Launcher {
  /** Of the package. */
  readonly version: string;
  readonly start: () => Promise<void>;
  readonly develop: () => Promise<void>;
  readonly build: () => void;
}
