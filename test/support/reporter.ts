import { writeFileSync } from 'node:fs';
import mocha, { type MochaOptions, type Runner } from 'mocha';

/** Mocha's dot reporter. If `TEST_COUNTS` names a file, it also writes the counts there: "passed failed skipped". */
export default class CountingReporter extends mocha.reporters.Dot {
  constructor(runner: Runner, options: MochaOptions) {
    super(runner, options);
    const file = process.env['TEST_COUNTS'];
    if (file === undefined) return;
    runner.once('end', () => {
      const { passes, failures, pending } = this.stats;
      writeFileSync(file, `${passes} ${failures} ${pending}\n`);
    });
  }
}
