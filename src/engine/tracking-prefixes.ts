// Tracking by prefix (CLIENT TRACKING … BCAST): who wants to hear of changed keys that begin with what, and which keys have
// changed since they were told last. Nobody's reads are remembered for it.

import { compareText } from '../base/bytes.ts';
import type { Client } from './client.ts';
import type { ClientTracking } from './tracking.ts';

interface Prefix {
  readonly text: string;
  readonly trackers: Set<ClientTracking>;
  /** The keys that have changed, each with the client that changed it last; null: nobody did (it expired). */
  changed: Map<string, Client | null>;
}

/** Tells clients of changed keys: these are ascending, as memcmp orders them. */
export type TellChanged = (tracking: ClientTracking, keys: readonly string[]) => void;

export class TrackingPrefixes {
  private readonly prefixes = new Map<string, Prefix>();
  // How long prefixes are: a key is looked up once for each length, however many prefixes there are.
  private lengths: readonly number[] = [];
  private hasChanged = false;

  get size(): number {
    return this.prefixes.size;
  }

  add(tracking: ClientTracking, text: string): void {
    let prefix = this.prefixes.get(text);
    if (prefix === undefined) {
      prefix = { text, trackers: new Set(), changed: new Map() };
      this.prefixes.set(text, prefix);
      this.updateLengths();
    }
    prefix.trackers.add(tracking);
  }

  remove(tracking: ClientTracking, text: string): void {
    const prefix = this.prefixes.get(text);
    if (prefix === undefined) return;
    prefix.trackers.delete(tracking);
    if (prefix.trackers.size > 0) return;
    this.prefixes.delete(text);
    this.updateLengths();
  }

  /** A key has changed, by a client or by nobody. Returns whether it is the first of which somebody is to be told. */
  noteChanged(key: string, by: Client | null): boolean {
    const hadChanged = this.hasChanged;
    for (const length of this.lengths) {
      if (length > key.length) break;
      const prefix = this.prefixes.get(length === key.length ? key : key.slice(0, length));
      if (prefix === undefined) continue;
      prefix.changed.set(key, by);
      this.hasChanged = true;
    }
    return this.hasChanged && !hadChanged;
  }

  /** Tells everyone what has changed, prefix by prefix in their order. Those who do not want to hear of their own changes do not. */
  tellChanged(tell: TellChanged): void {
    if (!this.hasChanged) return;
    this.hasChanged = false;
    for (const { trackers, changed, keys } of this.takeChanged()) {
      for (const tracking of trackers) {
        if (!tracking.noLoop) {
          tell(tracking, keys);
          continue;
        }
        const ofOthers = keys.filter((key) => changed.get(key) !== tracking.client);
        if (ofOthers.length > 0) tell(tracking, ofOthers);
      }
    }
  }

  private takeChanged(): { trackers: ClientTracking[]; changed: Prefix['changed']; keys: string[] }[] {
    return [...this.prefixes.values()]
      .filter(({ changed }) => changed.size > 0)
      .sort((a, b) => compareText(a.text, b.text))
      .map((prefix) => {
        const { changed } = prefix;
        prefix.changed = new Map();
        return { trackers: [...prefix.trackers], changed, keys: [...changed.keys()].sort(compareText) };
      });
  }

  private updateLengths(): void {
    const lengths = new Set(Array.from(this.prefixes.keys(), (text) => text.length));
    this.lengths = [...lengths].sort((a, b) => a - b);
  }
}
