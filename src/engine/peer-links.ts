// Connections to other servers that are kept for a while after their use, because whoever moves one key there will soon
// move the next. A link is used by one at a time; it answers line by line.

import type { TimerHandle, TimerService } from '../base/runtime.ts';
import type { OutgoingConnection, OutgoingOwner, PeerDoor } from './peer-door.ts';

const KEPT_LINKS = 64;
const KEPT_MS = 10_000;
const LF = 10;
const CR = 13;

/** Who uses a link at the time. */
export interface LinkUser {
  opened(): void;
  /** A line of an answer, latin1, without its end. */
  line(text: string): void;
  ended(): void;
}

export class PeerLink implements OutgoingOwner {
  /** By which the link is found again. */
  readonly name: string;
  /** The database that was selected last; -1: not known. */
  dbId = -1;
  user: LinkUser | null = null;
  /** Runs when it was not used for long. */
  idle: TimerHandle | null = null;

  private readonly links: PeerLinks;
  private readonly connection: OutgoingConnection;
  private rest = '';

  constructor(links: PeerLinks, name: string, door: PeerDoor, host: string, port: number) {
    this.links = links;
    this.name = name;
    this.connection = door.open(host, port, this, 'keys');
  }

  send(bytes: Uint8Array, taken: () => void): void {
    this.connection.send(bytes, taken);
  }

  close(): void {
    this.idle?.cancel();
    this.user = null;
    this.connection.close();
  }

  opened(): void {
    this.user?.opened();
  }

  received(bytes: Uint8Array): void {
    let start = 0;
    for (let end = bytes.indexOf(LF); end >= 0; end = bytes.indexOf(LF, start)) {
      const line = this.rest + Buffer.from(bytes.subarray(start, end)).toString('latin1');
      this.rest = '';
      start = end + 1;
      this.user?.line(line.charCodeAt(line.length - 1) === CR ? line.slice(0, -1) : line);
    }
    this.rest += Buffer.from(bytes.subarray(start)).toString('latin1');
  }

  ended(): void {
    this.idle?.cancel();
    this.links.forget(this);
    this.user?.ended();
  }
}

export class PeerLinks {
  private readonly door: PeerDoor;
  private readonly timers: TimerService;
  private readonly idle = new Map<string, PeerLink>();

  constructor(door: PeerDoor, timers: TimerService) {
    this.door = door;
    this.timers = timers;
  }

  /** How many links are kept for their next use. */
  get size(): number {
    return this.idle.size;
  }

  /** A link that was kept, for `user` alone; null when there is none. */
  reuse(host: string, port: string, user: LinkUser): PeerLink | null {
    const link = this.idle.get(nameOf(host, port));
    if (link === undefined) return null;
    this.forget(link);
    link.idle?.cancel();
    link.user = user;
    return link;
  }

  /** Begins to open a link. `port` is read as C's atoi reads it. */
  open(host: string, port: string, user: LinkUser): PeerLink {
    const link = new PeerLink(this, nameOf(host, port), this.door, host, Number.parseInt(port, 10) || 0);
    link.user = user;
    return link;
  }

  /** The user is done: the link is kept for a while, unless there is one like it. */
  release(link: PeerLink): void {
    link.user = null;
    if (this.idle.has(link.name)) {
      link.close();
      return;
    }
    const oldest = this.idle.values().next().value;
    if (this.idle.size >= KEPT_LINKS && oldest !== undefined) this.drop(oldest);
    this.idle.set(link.name, link);
    link.idle = this.timers.after(KEPT_MS, () => this.drop(link), { unref: true });
  }

  /** The link is not to be used again. */
  forget(link: PeerLink): void {
    if (this.idle.get(link.name) === link) this.idle.delete(link.name);
  }

  closeAll(): void {
    for (const link of [...this.idle.values()]) this.drop(link);
  }

  private drop(link: PeerLink): void {
    this.forget(link);
    link.close();
  }
}

function nameOf(host: string, port: string): string {
  return `${host}:${port}`;
}
