import type { Conditions } from '../harness/conditions.ts';
import type { Report } from '../harness/report.ts';
import type { Toolchain } from '../toolchains.ts';
import type { Comparison } from './comparison.ts';

export interface Options {
  /** Names of subjects, where not all are to be measured. */
  readonly only: readonly string[] | undefined;
  /** Other checkouts of Latchkey, from before a change or after it. */
  readonly against: readonly string[];
  /** Of the soak. */
  readonly minutes: number;
}

/** One question, and the measurements that answer it. */
export interface Scenario {
  readonly title: string;
  /** Whether a missed aim is a failure: where it does not depend on how fast the machine is. */
  readonly asserts?: boolean;
  /** Beside Node's: what it measures is installed by these, and the results name the versions. */
  readonly toolchains?: readonly Toolchain[];
  /** What the chart shows of its results. */
  readonly comparisons?: readonly Comparison[];
  readonly run: (conditions: Conditions, options: Options) => Promise<Report>;
  /** Where the service's time goes under the same load, by a profile that is written to a file. */
  readonly profile?: (conditions: Conditions, file: string) => Promise<Report>;
}
