// Keys on their way to another server (MIGRATE). The client waits, nobody else does: requests are written, answers read,
// and when all is known the client's command is run again, to delete here what has arrived there. So that nothing is lost,
// keys that are changed meanwhile are told, and stay.

import type { TimerHandle, TimerService } from '../base/runtime.ts';
import type { Database } from '../keyspace/database.ts';
import type { Client } from './client.ts';
import type { LinkUser, PeerLink, PeerLinks } from './peer-links.ts';

const CHUNK_BYTES = 64 * 1024;

/** What is to be sent where. */
export interface MigrationRequest {
  readonly host: string;
  readonly port: string;
  /** For connecting, for each chunk that is written and for each line of answer. */
  readonly timeoutMs: number;
  readonly targetDb: number | bigint;
  /** The request that authenticates, if any, and the one that selects the database. */
  readonly auth: Uint8Array | null;
  readonly select: Uint8Array;
  /** A request for each key. */
  readonly restores: readonly Uint8Array[];
  readonly sourceDb: number;
  readonly keys: readonly string[];
}

/** How a migration has failed, if not by an error of the target's. */
export type MigrationFailure = 'connecting' | 'writing' | 'reading';

export interface MigrationResult {
  readonly request: MigrationRequest;
  /** The keys that the target has taken. */
  readonly taken: readonly string[];
  /** Those of all keys that were changed here since they were sent. */
  readonly changed: ReadonlySet<string>;
  /** The first error that the target has answered, without its `-`. */
  readonly error: string | null;
  readonly failure: MigrationFailure | null;
}

export class Migrations {
  /** Called when the first migration begins and when the last one ends. */
  onChange: () => void = () => {};

  private readonly links: PeerLinks;
  private readonly timers: TimerService;
  private readonly running = new Map<Client, Migration>();
  private readonly finished = new Map<Client, MigrationResult>();

  constructor(links: PeerLinks, timers: TimerService) {
    this.links = links;
    this.timers = timers;
  }

  /** How many connections are kept. */
  get linkCount(): number {
    return this.links.size;
  }

  get isEmpty(): boolean {
    return this.running.size === 0;
  }

  /** Begins to send; `done` is called when there is a result. */
  begin(client: Client, request: MigrationRequest, done: () => void): void {
    this.left(client);
    const migration = new Migration(this.links, this.timers, request, (result) => {
      this.end(client);
      this.finished.set(client, result);
      done();
    });
    this.running.set(client, migration);
    if (this.running.size === 1) this.onChange();
    migration.start();
  }

  /** The result of the client's migration, once; null when it has none. */
  takeResult(client: Client): MigrationResult | null {
    const result = this.finished.get(client) ?? null;
    this.finished.delete(client);
    return result;
  }

  /** The client has gone or waits no longer: what is not there yet stays here. */
  left(client: Client): void {
    this.finished.delete(client);
    const migration = this.running.get(client);
    if (migration === undefined) return;
    migration.abort();
    this.end(client);
  }

  keyChanged(db: Database, key: string): void {
    for (const migration of this.running.values()) migration.keyChanged(db.id, key);
  }

  databaseReplaced(dbId: number): void {
    for (const migration of this.running.values()) migration.databaseReplaced(dbId);
  }

  private end(client: Client): void {
    this.running.delete(client);
    if (this.running.size === 0) this.onChange();
  }
}

class Migration implements LinkUser {
  private readonly links: PeerLinks;
  private readonly timers: TimerService;
  private readonly request: MigrationRequest;
  private readonly done: (result: MigrationResult) => void;
  private readonly taken: string[] = [];
  private readonly changed = new Set<string>();
  private link!: PeerLink;
  private timer: TimerHandle | null = null;
  private mayRetry = true;
  private phase: MigrationFailure = 'connecting';
  private output: Uint8Array = NOTHING;
  private sent = 0;
  // Lines that come before those of the keys, and how many of those have come.
  private awaitsAuth = false;
  private awaitsSelect = false;
  private answers = 0;
  private introError: string | null = null;
  private error: string | null = null;

  constructor(
    links: PeerLinks,
    timers: TimerService,
    request: MigrationRequest,
    done: (result: MigrationResult) => void,
  ) {
    this.links = links;
    this.timers = timers;
    this.request = request;
    this.done = done;
  }

  start(): void {
    const { host, port } = this.request;
    const kept = this.links.reuse(host, port, this);
    if (kept !== null) {
      this.link = kept;
      this.write();
      return;
    }
    this.phase = 'connecting';
    this.wait();
    this.link = this.links.open(host, port, this);
  }

  abort(): void {
    this.timer?.cancel();
    this.link.close();
  }

  keyChanged(dbId: number, key: string): void {
    if (dbId === this.request.sourceDb) this.changed.add(key);
  }

  databaseReplaced(dbId: number): void {
    if (dbId === this.request.sourceDb) for (const key of this.request.keys) this.changed.add(key);
  }

  opened(): void {
    this.write();
  }

  line(text: string): void {
    const isError = text.startsWith('-');
    if (this.awaitsAuth || this.awaitsSelect) {
      if (this.awaitsAuth) this.awaitsAuth = false;
      else this.awaitsSelect = false;
      if (isError) this.introError ??= text.slice(1);
    } else {
      const key = this.request.keys[this.answers++]!;
      if (isError || this.introError !== null) this.error ??= this.introError ?? text.slice(1);
      else this.taken.push(key);
    }
    if (this.answers === this.request.keys.length) this.succeed();
    else this.wait();
  }

  ended(): void {
    this.fail(false);
  }

  private write(): void {
    const { auth, restores, select, targetDb } = this.request;
    this.awaitsAuth = auth !== null;
    this.awaitsSelect = this.link.dbId !== targetDb;
    this.output = Buffer.concat([auth ?? NOTHING, this.awaitsSelect ? select : NOTHING, ...restores]);
    this.sent = 0;
    this.phase = 'writing';
    this.writeChunk();
  }

  private writeChunk(): void {
    this.wait();
    if (this.sent === this.output.length) {
      this.output = NOTHING;
      this.phase = 'reading';
      return;
    }
    const chunk = this.output.subarray(this.sent, this.sent + CHUNK_BYTES);
    this.sent += chunk.length;
    this.link.send(chunk, () => this.writeChunk());
  }

  private wait(): void {
    this.timer?.cancel();
    this.timer = this.timers.after(this.request.timeoutMs, () => this.fail(true), { unref: true });
  }

  private succeed(): void {
    // A database that could not be selected, or that an error came from, is selected again the next time.
    this.link.dbId = this.error === null ? Number(this.request.targetDb) : -1;
    this.links.release(this.link);
    this.finish(null);
  }

  private fail(isTimeout: boolean): void {
    const { phase } = this;
    this.link.close();
    // It is usual that a connection that was kept is closed at the other end: that shall not be an error.
    if (this.mayRetry && !isTimeout && phase !== 'connecting' && this.answers === 0) {
      this.mayRetry = false;
      this.introError = null;
      this.start();
      return;
    }
    this.finish(phase);
  }

  private finish(failure: MigrationFailure | null): void {
    this.timer?.cancel();
    const { changed, error, request, taken } = this;
    this.done({ request, taken, changed, error, failure });
  }
}

const NOTHING = new Uint8Array(0);
