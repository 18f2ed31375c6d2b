// Who receives the messages of which channel, and their delivery. Channels and patterns are latin1 strings, one character
// a byte. What a message costs follows its receivers and the patterns that there are, not the channels of others.

import { globMatch, mayMatchPrefix } from '../base/glob.ts';
import type { ReplyWriter } from '../resp/reply-writer.ts';
import type { Client } from './client.ts';
import { KEYEVENT_PREFIX, KEYSPACE_PREFIX } from './key-events.ts';
import type { Pushes } from './pushes.ts';

/** What one client has subscribed to, each in the order in which it did. */
export class Subscriptions {
  readonly channels = new Set<string>();
  readonly patterns = new Set<string>();
  readonly shardChannels = new Set<string>();

  get count(): number {
    return this.channels.size + this.patterns.size + this.shardChannels.size;
  }
}

/** The kinds of names that a client subscribes to. */
export type TopicKind = 'channels' | 'patterns' | 'shardChannels';

/** All subscriptions of one kind: which clients have subscribed to a name. */
export class Topics {
  /** How many names may receive what is sent to channels of keys, and to those of events. */
  keyspaceCount = 0;
  keyeventCount = 0;

  private readonly kind: TopicKind;
  // Most channels have one receiver, which needs no set around it.
  private readonly byName = new Map<string, Client | Set<Client>>();

  constructor(kind: TopicKind) {
    this.kind = kind;
  }

  /** How many names have receivers. */
  get size(): number {
    return this.byName.size;
  }

  /** The names that have receivers. */
  names(): IterableIterator<string> {
    return this.byName.keys();
  }

  /** Who receives what is sent to a name, in the order in which they subscribed: one, several or nobody. */
  receivers(name: string): Client | ReadonlySet<Client> | undefined {
    return this.byName.get(name);
  }

  /** How many clients have subscribed to a name. */
  receiverCount(name: string): number {
    const receivers = this.byName.get(name);
    if (receivers === undefined) return 0;
    return receivers instanceof Set ? receivers.size : 1;
  }

  /** What a client has subscribed to. */
  of(client: Client): ReadonlySet<string> {
    return client.subscriptions?.[this.kind] ?? NONE;
  }

  /** Subscribes a client, unless it has done so already. O(1). */
  add(client: Client, name: string): void {
    client.subscriptions ??= new Subscriptions();
    const own = client.subscriptions[this.kind];
    if (own.has(name)) return;
    own.add(name);
    const receivers = this.byName.get(name);
    if (receivers === undefined) {
      this.byName.set(name, client);
      this.count(name, 1);
    } else if (receivers instanceof Set) receivers.add(client);
    else this.byName.set(name, new Set([receivers, client]));
  }

  /** Unsubscribes a client, where it has subscribed. O(1). */
  remove(client: Client, name: string): void {
    if (client.subscriptions?.[this.kind].delete(name) !== true) return;
    const receivers = this.byName.get(name)!;
    if (receivers instanceof Set) {
      receivers.delete(client);
      if (receivers.size > 0) return;
    }
    this.byName.delete(name);
    this.count(name, -1);
  }

  /** Unsubscribes a client from everything. */
  removeAll(client: Client): void {
    for (const name of this.of(client)) this.remove(client, name);
  }

  private count(name: string, by: number): void {
    if (this.fits(name, KEYSPACE_PREFIX)) this.keyspaceCount += by;
    if (this.fits(name, KEYEVENT_PREFIX)) this.keyeventCount += by;
  }

  private fits(name: string, prefix: string): boolean {
    return this.kind === 'patterns' ? mayMatchPrefix(name, prefix) : name.startsWith(prefix);
  }
}

const NONE: ReadonlySet<string> = new Set();
const NO_BYTES: Uint8Array = new Uint8Array(0);

export class PubSub {
  readonly channels = new Topics('channels');
  readonly patterns = new Topics('patterns');
  readonly shardChannels = new Topics('shardChannels');
  /** Called when somebody may receive events by key or by event, or nobody any more. */
  onKeyEventsChange: (byKey: boolean, byEvent: boolean) => void = () => {};

  private readonly pushes: Pushes;
  private byKey = false;
  private byEvent = false;
  // The message that is being delivered: its kind, its pattern (null without), its channel, and its text or bytes.
  private word = '';
  private pattern: string | null = null;
  private channel = '';
  private text: string | null = null;
  private bytes = NO_BYTES;
  private start = 0;
  private length = 0;
  private isWritten2 = false;
  private isWritten3 = false;
  private delivered = 0;
  private readonly deliverTo = (client: Client) => this.deliver(client);

  constructor(pushes: Pushes) {
    this.pushes = pushes;
  }

  /** Whether nobody receives anything but from shard channels. */
  get isIdle(): boolean {
    return this.channels.size === 0 && this.patterns.size === 0;
  }

  /** To be called when a client has subscribed or unsubscribed: it is a subscriber while it has any subscription. */
  subscriptionsChanged(client: Client): void {
    const { subscriptions } = client;
    client.isSubscriber = subscriptions !== null && subscriptions.count > 0;
    const { channels, patterns } = this;
    const byKey = channels.keyspaceCount + patterns.keyspaceCount > 0;
    const byEvent = channels.keyeventCount + patterns.keyeventCount > 0;
    if (byKey === this.byKey && byEvent === this.byEvent) return;
    this.byKey = byKey;
    this.byEvent = byEvent;
    this.onKeyEventsChange(byKey, byEvent);
  }

  /** Ends all subscriptions of a client, who is told nothing. */
  unsubscribeAll(client: Client): void {
    if (client.subscriptions === null) return;
    this.channels.removeAll(client);
    this.shardChannels.removeAll(client);
    this.patterns.removeAll(client);
    this.subscriptionsChanged(client);
    client.subscriptions = null;
  }

  /** Sends a message to a channel; returns how many times it was received. O(receivers + patterns). */
  publish(channel: string, bytes: Uint8Array, start: number, length: number): number {
    this.take(channel, bytes, start, length);
    this.deliverToChannel();
    this.bytes = NO_BYTES;
    return this.delivered;
  }

  /** As `publish`, with a latin1 text. */
  publishText(channel: string, text: string): number {
    this.take(channel, NO_BYTES, 0, 0);
    this.text = text;
    this.deliverToChannel();
    return this.delivered;
  }

  /** Sends a message to a shard channel, which no pattern receives. O(receivers). */
  publishToShard(channel: string, bytes: Uint8Array, start: number, length: number): number {
    this.take(channel, bytes, start, length);
    this.deliverToAll('smessage', null, this.shardChannels.receivers(channel));
    this.bytes = NO_BYTES;
    return this.delivered;
  }

  private take(channel: string, bytes: Uint8Array, start: number, length: number): void {
    this.channel = channel;
    this.text = null;
    this.bytes = bytes;
    this.start = start;
    this.length = length;
    this.delivered = 0;
  }

  private deliverToChannel(): void {
    const { channel, channels, patterns } = this;
    if (channels.size > 0) this.deliverToAll('message', null, channels.receivers(channel));
    if (patterns.size > 0) {
      for (const pattern of patterns.names()) {
        if (globMatch(pattern, channel, false)) {
          this.deliverToAll('pmessage', pattern, patterns.receivers(pattern));
        }
      }
    }
  }

  private deliverToAll(
    word: string,
    pattern: string | null,
    receivers: Client | ReadonlySet<Client> | undefined,
  ): void {
    if (receivers === undefined) return;
    this.word = word;
    this.pattern = pattern;
    this.isWritten2 = false;
    this.isWritten3 = false;
    if (receivers instanceof Set) receivers.forEach(this.deliverTo);
    else this.deliver(receivers as Client);
  }

  // The message is written when the first receiver that speaks a protocol wants it.
  private deliver(client: Client): void {
    this.delivered++;
    if (client.protocol === 2) {
      if (!this.isWritten2) this.write(this.pushes.begin(2));
      this.isWritten2 = true;
    } else {
      if (!this.isWritten3) this.write(this.pushes.begin(3));
      this.isWritten3 = true;
    }
    this.pushes.send(client);
  }

  private write(out: ReplyWriter): void {
    const { pattern, text } = this;
    out.push(pattern === null ? 3 : 4);
    out.bulkText(this.word);
    if (pattern !== null) out.bulkText(pattern);
    out.bulkText(this.channel);
    if (text === null) out.bulk(this.bytes, this.start, this.length);
    else out.bulkText(text);
  }
}
