// How often rewrites that nobody asked for are tried again when they fail: each try begins another increment, so after
// three failures in a row there are pauses, from one minute to an hour, twice as long each time.

const FAILURES = 3;
const MAX_MINUTES = 60;

export class RewriteLimit {
  private minutes = 0;
  private untilSeconds = 0;

  /** Whether a rewrite has to wait, after so many failures in a row. `onPause` is told how long a pause that begins is. */
  holds(failures: number, nowSeconds: number, onPause: (minutes: number) => void): boolean {
    if (failures < FAILURES) {
      this.minutes = this.untilSeconds = 0;
      return false;
    }
    if (this.untilSeconds !== 0) {
      if (nowSeconds < this.untilSeconds) return true;
      this.untilSeconds = 0;
      return false;
    }
    this.minutes = Math.min(MAX_MINUTES, this.minutes === 0 ? 1 : 2 * this.minutes);
    this.untilSeconds = nowSeconds + this.minutes * 60;
    onPause(this.minutes);
    return true;
  }
}
