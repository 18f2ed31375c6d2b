// What ACL LOG shows: requests and logins that were refused, the latest first. The same refusal again within a minute is
// counted with the first one.

import { DENIED, type Denied } from './acl-selector.ts';

const GROUPING_MS = 60_000;
// As many of the latest entries are looked through for the same refusal.
const GROUPING_ENTRIES = 10;

/** Where a request came from. */
export type AclContext = 'toplevel' | 'multi' | 'lua';

export interface AclRefusal {
  readonly reason: Exclude<Denied, typeof DENIED.NOT>;
  readonly context: AclContext;
  /** The command, key or channel; how the login was asked for. */
  readonly object: string;
  readonly userName: string;
}

export interface AclLogEntry extends AclRefusal {
  readonly id: number;
  readonly createdMs: number;
  count: number;
  updatedMs: number;
  /** The line of CLIENT LIST of the last client that was refused. */
  client: string;
}

const REASONS = {
  [DENIED.COMMAND]: 'command',
  [DENIED.KEY]: 'key',
  [DENIED.AUTH]: 'auth',
  [DENIED.CHANNEL]: 'channel',
} as const;

export class AclLog {
  private kept: AclLogEntry[] = [];
  private nextId = 0;

  /** The latest first. */
  get entries(): readonly AclLogEntry[] {
    return this.kept;
  }

  note(refusal: AclRefusal, client: string, nowMs: number, maxLength: number): void {
    const at = this.kept.slice(0, GROUPING_ENTRIES).findIndex((entry) => isSame(entry, refusal, nowMs));
    const [entry] = at < 0 ? [] : this.kept.splice(at, 1);
    if (entry !== undefined) {
      entry.count++;
      entry.updatedMs = nowMs;
      entry.client = client;
      this.kept.unshift(entry);
      return;
    }
    const { reason, context, object, userName } = refusal;
    this.kept.unshift({
      id: this.nextId++,
      createdMs: nowMs,
      count: 1,
      updatedMs: nowMs,
      client,
      reason,
      context,
      object,
      userName,
    });
    if (this.kept.length > maxLength) this.kept.length = maxLength;
  }

  clear(): void {
    this.kept = [];
  }
}

/** The word for a reason in ACL LOG. */
export function reasonWord(reason: AclRefusal['reason']): string {
  return REASONS[reason];
}

function isSame(entry: AclLogEntry, refusal: AclRefusal, nowMs: number): boolean {
  return (
    entry.reason === refusal.reason &&
    entry.context === refusal.context &&
    Math.abs(nowMs - entry.updatedMs) <= GROUPING_MS &&
    entry.object === refusal.object &&
    entry.userName === refusal.userName
  );
}
