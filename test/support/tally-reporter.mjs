/**
 * mocha's spec reporter, which also leaves the numbers where test/run.mjs finds them: a file named by
 * SARA_TEST_TALLY, written when the last test has ended.
 */
import { writeFileSync } from 'node:fs';
import Mocha from 'mocha';

export default class TallyReporter extends Mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.once(Mocha.Runner.constants.EVENT_RUN_END, () => {
      const { passes = 0, failures = 0, pending = 0 } = this.stats;
      const path = process.env.SARA_TEST_TALLY;
      if (path) writeFileSync(path, JSON.stringify({ passes, failures, pending }));
    });
  }
}
