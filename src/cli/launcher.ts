/** Implemented by `bin/latchkey.js`, which needs no build. */
export interface Launcher<Project = object> {
  /** Of the package. */
  readonly version: string;
  /** Where settings were read from that the environment does not have; it need not be there. */
  readonly settingsFile?: string | undefined;
  /** The project that the command is about, compiled. */
  readonly loadProject: () => Promise<Project>;
  readonly start: () => Promise<void>;
  readonly develop: () => Promise<void>;
  /** @param words options, as after `latchkey build` */
  readonly build: (words: readonly string[]) => void;
  /** Makes a feature. @param words as after `latchkey new` */
  readonly make: (words: readonly string[]) => void;
}
