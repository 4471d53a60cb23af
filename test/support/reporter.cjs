/**
 * Mocha's spec reporter for npm test: it writes its counts as JSON to file descriptor 3, tells a failure when it happens
 * (and again at the end, which a long run need not reach), and knows how to be interrupted.
 */
const { writeSync } = require("node:fs");
const { reporters, Runner } = require("mocha");

module.exports = class extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    // Mocha itself dies of a signal, and leaves what its hooks would have cleared. Of a second one it still does.
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, () => runner.abort());
    runner.on(Runner.constants.EVENT_TEST_FAIL, (test) => reporters.Base.list([test]));
    runner.once(Runner.constants.EVENT_RUN_END, () => {
      const { passes, failures, pending } = runner.stats;
      writeSync(3, JSON.stringify({ passed: passes, failed: failures, skipped: pending }));
    });
  }
};
