/** Implemented by `bin/latchkey.js`, which needs no build. */
export interface Launcher<Project = object> {
  /** Of the package. */
  readonly version: string;
  /** The project that the command is about, compiled. */
  readonly loadProject: () => Promise<Project>;
  readonly start: () => Promise<void>;
  readonly develop: () => Promise<void>;
  readonly build: () => void;
}
