// Clients that wait for keys (BLPOP, BZMPOP, XREAD BLOCK …). There is no second way to serve them: a client is filed in
// order of arrival under its keys, and when one of them may hold what it waits for, at the end of the unit that changed
// it, the same command is run again. Observed 7.2.4: MULTI; LPUSH q x; DEL q; EXEC leaves a BLPOP on q blocked.

import { MAX_TIMER_MS, type TimerHandle, type TimerService } from '../base/runtime.ts';
import { type Type, typeOf } from '../datatypes/kind.ts';
import type { Database } from '../keyspace/database.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import type { Arguments } from '../resp/arguments.ts';
import type { ReplyError } from '../resp/errors.ts';
import type { ReplyWriter } from '../resp/reply-writer.ts';
import type { Executor } from './call.ts';
import type { Client } from './client.ts';
import type { Command } from './command-spec.ts';
import type { CommandContext } from './context.ts';

/** What a command waits for. */
export interface WaitRequest {
  /** The arguments that are the keys. */
  readonly keys: readonly number[];
  /** The type that a key must have to be worth another run. */
  readonly type: Type;
  /** 0: for ever. */
  readonly timeoutMs: number;
  /** Writes the reply when nothing came in time, or when the client may not wait. */
  readonly nothing: (reply: ReplyWriter) => void;
  /** Writes the reply when the client may not wait, where that is another one. */
  readonly refused?: (reply: ReplyWriter) => void;
  /** Runs again when a key is deleted or has become another type, too (XREADGROUP, which then answers an error). */
  readonly wakesOnLoss?: boolean;
  /** What to run again, where it is not the request as it came (XREAD, whose `$` has become an id). */
  readonly args?: Arguments;
}

interface WaitedKey {
  readonly dbId: number;
  readonly key: string;
  readonly waiting: Set<Wait>;
  /** How many of those that wait wake on loss. */
  lossWatchers: number;
}

/** A client that waits. */
export class Wait {
  readonly client: Client;
  readonly command: Command;
  readonly args: Arguments;
  readonly type: Type;
  readonly wakesOnLoss: boolean;
  readonly nothing: (reply: ReplyWriter) => void;
  /** Infinity: for ever. */
  readonly deadlineMs: number;
  readonly keys: readonly WaitedKey[];
  timer: TimerHandle | null = null;
  /** How long its command has run so far, without the waiting. */
  spentUs = 0;

  constructor(
    client: Client,
    command: Command,
    args: Arguments,
    request: WaitRequest,
    deadlineMs: number,
    keys: readonly WaitedKey[],
  ) {
    this.client = client;
    this.command = command;
    this.args = args;
    this.type = request.type;
    this.wakesOnLoss = request.wakesOnLoss ?? false;
    this.nothing = request.nothing;
    this.deadlineMs = deadlineMs;
    this.keys = keys;
  }
}

export class Blocking {
  /** Called when the first client begins to wait, and when the last one stops. */
  onChange: () => void = () => {};
  /** Asked before a command runs again: what held when it began to wait may not hold any more (rules of users). */
  refusalOf: (client: Client, command: Command, args: Arguments) => ReplyError | null = () => null;
  /** Whether keys have changed that clients wait for: `serve` is due. */
  hasReady = false;
  /** How many clients wait. */
  size = 0;
  /** How many of them wait for a limited time. */
  timedCount = 0;

  private readonly keyspace: Keyspace;
  private readonly timers: TimerService;
  private executor!: Executor;
  private readonly waited = new Map<string, WaitedKey>();
  private ready = new Set<WaitedKey>();
  // The wait that is being served by running its command again.
  private served: Wait | null = null;

  constructor(keyspace: Keyspace, timers: TimerService) {
    this.keyspace = keyspace;
    this.timers = timers;
  }

  /** Closes the circle: waiting commands are run by the executor, which stands on this. */
  attach(executor: Executor): void {
    this.executor = executor;
  }

  get isEmpty(): boolean {
    return this.size === 0;
  }

  /** How many keys are waited for. */
  get keyCount(): number {
    return this.waited.size;
  }

  /** How many keys are waited for by clients that also want to hear of their deletion. O(keys). */
  get lossKeyCount(): number {
    let count = 0;
    for (const { lossWatchers } of this.waited.values()) if (lossWatchers > 0) count++;
    return count;
  }

  /**
   * The running command has found nothing: lets its client wait, or, where it may not (MULTI, a script), answers at once
   * that there is nothing.
   */
  wait(ctx: CommandContext, request: WaitRequest): void {
    if (this.executor.depth > 1) {
      const answer = request.refused ?? request.nothing;
      answer(ctx.reply);
      return;
    }
    const { client, command, db } = ctx;
    const { served } = this;
    const isRerun = served !== null && this.runsAgain(client);
    const args = request.args ?? (isRerun ? served.args : ctx.args.detach());
    const deadlineMs = isRerun
      ? served.deadlineMs
      : request.timeoutMs === 0
        ? Number.POSITIVE_INFINITY
        : ctx.nowMs + request.timeoutMs;
    const keys = new Set<WaitedKey>();
    for (const i of request.keys) keys.add(this.keyWaitedFor(db.id, ctx.args.string(i)));
    const wait = new Wait(client, command, args, request, deadlineMs, [...keys]);
    for (const key of keys) {
      key.waiting.add(wait);
      if (wait.wakesOnLoss) key.lossWatchers++;
    }
    client.wait = wait;
    client.connection.suspend();
    this.setTimer(wait, Math.max(0, deadlineMs - ctx.nowMs));
    if (deadlineMs !== Number.POSITIVE_INFINITY) this.timedCount++;
    if (this.size++ === 0) this.onChange();
  }

  /** Whether the running command of a client is one that has waited, and runs once more. */
  runsAgain(client: Client): boolean {
    return this.served?.client === client;
  }

  /** A key has changed in any way. O(1). */
  keyChanged(db: Database, key: string): void {
    const waited = this.waited.get(nameOf(db.id, key));
    if (waited === undefined) return;
    this.ready.add(waited);
    this.hasReady = true;
  }

  /** All keys of a database have changed. O(keys that are waited for). */
  databaseReplaced(dbId: number): void {
    for (const waited of this.waited.values()) {
      if (waited.dbId !== dbId) continue;
      this.ready.add(waited);
      this.hasReady = true;
    }
  }

  /** Runs the commands of those whose keys have changed, key by key in order, client by client in order of arrival. */
  serve(): void {
    // Not in the middle of a script: the unit that has changed the keys is not at its end.
    while (this.hasReady && !this.executor.isSuspended) {
      const ready = this.ready;
      this.ready = new Set();
      this.hasReady = false;
      for (const key of ready) this.serveKey(key);
    }
  }

  /**
   * Runs a waiting command again at once, because what it waits for has come by another way than a key. Returns whether
   * it was still waiting.
   */
  resume(wait: Wait): boolean {
    if (wait.client.wait !== wait) return false;
    this.rerun(wait);
    this.serve();
    return true;
  }

  /**
   * Ends a client's waiting from outside: with an error, or as if its time were up. Returns whether it was waiting.
   */
  end(client: Client, error: ReplyError | null): boolean {
    const { wait } = client;
    if (wait === null) return false;
    this.forget(wait);
    client.connection.answer(() => this.executor.answerWaiting(client, wait, error));
    return true;
  }

  /** The client has gone. */
  left(client: Client): void {
    if (client.wait !== null) this.forget(client.wait);
  }

  private serveKey(waited: WaitedKey): void {
    const { dbId, key, waiting } = waited;
    // Those who begin to wait again meanwhile stand behind and have had their turn.
    let left = waiting.size;
    for (const wait of waiting) {
      if (left-- === 0) return;
      const db = this.keyspace.database(dbId);
      const ref = db.peekText(key);
      const isThere = ref !== 0 && !db.isExpired(ref);
      if (!isThere && waited.lossWatchers === 0) return;
      const isWanted = isThere && typeOf(db.kind(ref)) === wait.type;
      if (isWanted || wait.wakesOnLoss) this.rerun(wait);
    }
  }

  private rerun(wait: Wait): void {
    const { client } = wait;
    this.forget(wait);
    const outer = this.served;
    this.served = wait;
    client.connection.answer(() => {
      const refusal = this.refusalOf(client, wait.command, wait.args);
      if (refusal !== null) {
        this.executor.refuseWaiting(client, wait.command, refusal);
        return;
      }
      this.executor.earlierUs = wait.spentUs;
      this.executor.call(client, wait.command, wait.args);
      this.executor.earlierUs = 0;
    });
    this.served = outer;
  }

  private forget(wait: Wait): void {
    wait.timer?.cancel();
    wait.client.wait = null;
    for (const key of wait.keys) {
      key.waiting.delete(wait);
      if (wait.wakesOnLoss) key.lossWatchers--;
      if (key.waiting.size === 0) this.waited.delete(nameOf(key.dbId, key.key));
    }
    if (wait.deadlineMs !== Number.POSITIVE_INFINITY) this.timedCount--;
    if (--this.size === 0) this.onChange();
  }

  private keyWaitedFor(dbId: number, key: string): WaitedKey {
    const name = nameOf(dbId, key);
    let waited = this.waited.get(name);
    if (waited === undefined) {
      waited = { dbId, key, waiting: new Set(), lossWatchers: 0 };
      this.waited.set(name, waited);
    }
    return waited;
  }

  private setTimer(wait: Wait, leftMs: number): void {
    if (leftMs === Number.POSITIVE_INFINITY) return;
    wait.timer = this.timers.after(
      Math.min(MAX_TIMER_MS, leftMs),
      () => {
        if (leftMs > MAX_TIMER_MS) this.setTimer(wait, leftMs - MAX_TIMER_MS);
        else this.end(wait.client, null);
      },
      { unref: true },
    );
  }
}

function nameOf(dbId: number, key: string): string {
  return `${dbId}:${key}`;
}
