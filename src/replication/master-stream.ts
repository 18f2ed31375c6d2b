// The stream of effects as replicas read it: requests in RESP, with a SELECT before the first and wherever the database
// changes. As a master we make it of our own effects; as a replica we pass on our master's, byte for byte. What is added
// lies in the backlog at once, and leaves for the replicas at the end of the turn.

import { CommandBuffer } from '../engine/command-buffer.ts';
import { NO_DATABASE, type PropagationSink } from '../engine/propagation.ts';
import type { Turn } from '../engine/turn.ts';
import { Backlog } from './backlog.ts';
import type { ReplicationHistory } from './history.ts';

export class MasterStream implements PropagationSink {
  /** Null while nobody has ever asked: then the stream is counted and not kept. */
  backlog: Backlog | null = null;
  /** The database that is selected, -1 when the next effect says it. */
  dbId = NO_DATABASE;
  /** Called when a block was begun: replicas may be too far behind. */
  onGrowth: () => void = () => {};
  /** Whether something was added that replicas have not been sent. */
  isDue = false;

  private readonly history: ReplicationHistory;
  private readonly turn: Turn;
  private readonly scratch = new CommandBuffer();

  constructor(history: ReplicationHistory, turn: Turn) {
    this.history = history;
    this.turn = turn;
  }

  /** Where there is no backlog, effects are only counted, and messages are none. */
  get keepsDataOnly(): boolean {
    return this.backlog === null;
  }

  /** Begins the backlog at the present offset. */
  open(size: number): Backlog {
    this.backlog = new Backlog(size, this.history.offset);
    return this.backlog;
  }

  close(): void {
    this.backlog = null;
  }

  effect(dbId: number, bytes: Uint8Array, start: number, end: number, isLent: boolean): void {
    if (this.backlog === null) {
      // Observed 7.2.4: effects are counted where the append-only file goes by the offset.
      this.history.offset++;
      return;
    }
    if (dbId !== this.dbId && dbId !== NO_DATABASE) this.select(dbId);
    this.append(bytes, start, end, isLent);
  }

  settle(): void {
    this.backlog?.settle();
  }

  /** Adds a command of latin1 texts. */
  say(dbId: number, texts: readonly string[]): void {
    const { scratch } = this;
    scratch.addTexts(texts);
    this.effect(dbId, scratch.bytes, 0, scratch.at, false);
    scratch.clear();
  }

  /** Adds bytes as they are; what is lent may be read until `settle` is called. */
  append(bytes: Uint8Array, start: number, end: number, isLent = false): void {
    const { backlog } = this;
    if (backlog === null) return;
    this.history.offset += end - start;
    if (!this.isDue) {
      this.isDue = true;
      this.turn.expect();
    }
    if (backlog.append(bytes, start, end, isLent)) this.onGrowth();
  }

  private select(dbId: number): void {
    this.dbId = dbId;
    const { scratch } = this;
    const from = scratch.at;
    scratch.addTexts(['SELECT', String(dbId)]);
    this.append(scratch.bytes, from, scratch.at);
    scratch.at = from;
  }
}
