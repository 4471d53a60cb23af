/** Mocha's spec reporter that also writes its counts as JSON to the file in MOCHA_COUNTS_FILE. */
const { writeFileSync } = require("node:fs");
const { reporters, Runner } = require("mocha");

module.exports = class extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.once(Runner.constants.EVENT_RUN_END, () => {
      const { passes, failures, pending } = runner.stats;
      writeFileSync(
        process.env.MOCHA_COUNTS_FILE,
        JSON.stringify({ passed: passes, failed: failures, skipped: pending }),
      );
    });
  }
};
