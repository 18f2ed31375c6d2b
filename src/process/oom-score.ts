// oom-score-adj: tells the out-of-memory killer of Linux whom to prefer. A replica may be preferred to a master; the value
// from before comes back when the directive is turned off.

import type { Logger } from '../base/logger.ts';
import type { FileDoor } from '../base/runtime.ts';
import type { Config } from '../config/config.ts';
import { reasonOf } from '../config/file-text.ts';

const PATH = '/proc/self/oom_score_adj';
const MASTER = 0;
const REPLICA = 1;
const LARGEST = 1000;

export class OomScore {
  private readonly files: FileDoor;
  private readonly config: Config;
  private readonly log: Logger;
  private readonly isReplica: () => boolean;
  /** What the system had, while it is changed. */
  private before: number | null = null;

  constructor(files: FileDoor, config: Config, log: Logger, isReplica: () => boolean) {
    this.files = files;
    this.config = config;
    this.log = log;
    this.isReplica = isReplica;
  }

  /** Makes the system follow the configuration and the role; returns whether it did. The log says why not. */
  apply(): boolean {
    const { 'oom-score-adj': mode, 'oom-score-adj-values': values } = this.config.values;
    if (mode === 'no') {
      const { before } = this;
      this.before = null;
      return before === null || this.write(before);
    }
    if (this.before === null) {
      const read = this.read();
      if (read === null) return false;
      this.before = read;
    }
    const chosen = values[this.isReplica() ? REPLICA : MASTER]!;
    const score = mode === 'absolute' ? chosen : this.before + chosen;
    return this.write(Math.max(-LARGEST, Math.min(LARGEST, score)));
  }

  private read(): number | null {
    try {
      return Number.parseInt(this.files.readFileSync(PATH, 'latin1'), 10);
    } catch (error) {
      this.log.warning(`Unable to read oom_score_adj: ${reasonOf(error)}`);
      return null;
    }
  }

  private write(score: number): boolean {
    try {
      this.files.writeFileSync(PATH, `${score}\n`);
      return true;
    } catch (error) {
      this.log.warning(`Unable to write oom_score_adj: ${reasonOf(error)}`);
      return false;
    }
  }
}
