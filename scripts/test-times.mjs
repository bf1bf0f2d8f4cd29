// A vitest reporter: writes the seconds of every test file, hooks included, to the file KGLAB_TEST_TIMES as JSON.
// (The JSON report of vitest leaves hooks out, and in them end-to-end tests make their machines.)
import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';

export default class TestTimes {
  seconds = {};

  onTestModuleEnd(module) {
    const { setupDuration, collectDuration, duration } = module.diagnostic();
    const file = relative(process.cwd(), module.moduleId);
    this.seconds[file] = (setupDuration + collectDuration + duration) / 1000;
    // After every file: a run that is cut short still has the times of those that ended.
    writeFileSync(process.env.KGLAB_TEST_TIMES, JSON.stringify(this.seconds));
  }
}
