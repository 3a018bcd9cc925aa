// What a tasks.js of an SDK exports, and what it is given: see ../sdk.ts.

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly input?: string;
  /** JUnit XML that a test runner writes: files, or folders of them. */
  readonly report?: string | readonly string[];
}

/** Runs a command in the SDK's folder, and resolves with its stdout. */
export type RunCommand = (
  command: string,
  parameters?: readonly string[],
  options?: RunOptions,
) => Promise<string>;

export interface TaskContext {
  /** The contract's path. */
  readonly document: string;
  /** The contract's version. */
  readonly version: string;
  /** The SDK's. */
  readonly folder: string;
  readonly run: RunCommand;
}

/** Where the service is, and who may log in: see live-service.ts. */
export type ServiceEnvironment = Readonly<Record<string, string>>;

/** The name of a command on PATH, or a command with parameters that exits with 0. */
export type Need = string | readonly string[];

export interface Tasks {
  /** Where one is not there, the SDK is skipped by name. */
  readonly needs?: readonly Need[];
  /** Makes the SDK's `generated` folder from the contract. */
  generate(context: TaskContext): Promise<unknown>;
  /** Compiles and tests it. @returns paths of JUnit reports, beside those that `run` was told of. */
  test(context: TaskContext & { readonly env: ServiceEnvironment }): Promise<readonly string[] | undefined>;
}
