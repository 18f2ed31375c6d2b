// A value that was read and is sound but belongs to no key yet: RESTORE looks at it before it touches the key, and a
// file may have named a key that has expired. It is given to a key, or discarded.

import { copyBytes, toText } from '../../base/bytes.ts';
import type { Kind } from '../../datatypes/kind.ts';
import type { LargeValue } from '../../datatypes/large-value.ts';
import type { DetachedValue } from '../../engine/persistence.ts';
import type { Database } from '../../keyspace/database.ts';
import type { Ref } from '../../memory/heap.ts';
import type { PackedValue } from '../../memory/packed-entry.ts';
import type { Arguments } from '../../resp/arguments.ts';

const SLICE_PIECES = 1024;

export interface DecodedValue extends DetachedValue {
  readonly kind: Kind;
}

/** A value whose bytes go into the entry as they are. They are a slice of what was read: nothing may be read before `addTo`. */
export class SmallValue implements DecodedValue {
  readonly kind: Kind;
  private readonly bytes: Uint8Array;
  private readonly start: number;
  private readonly length: number;

  constructor(kind: Kind, bytes: Uint8Array, start = 0, length = bytes.length) {
    this.kind = kind;
    this.bytes = bytes;
    this.start = start;
    this.length = length;
  }

  addTo(db: Database, args: Arguments, i: number): Ref {
    const ref = db.write(args, i, 0, this.kind, this.length, false);
    copyBytes(this.bytes, this.start, db.valueMemory(ref), db.valueOffset(ref), this.length);
    return ref;
  }

  discard(): void {}
}

/** A value that lies in the heap already. */
export class BuiltValue implements DecodedValue {
  readonly kind: Kind;
  private readonly value: LargeValue;

  constructor(kind: Kind, value: LargeValue) {
    this.kind = kind;
    this.value = value;
  }

  addTo(db: Database, args: Arguments, i: number): Ref {
    return db.writeLarge(args, i, 0, this.kind, this.value);
  }

  discard(): void {
    freeLarge(this.value);
  }
}

export function freeLarge(value: LargeValue): void {
  while (value.freeSome(SLICE_PIECES));
}

/** What builds a value piece by piece. */
export interface Builder {
  finish(): DecodedValue;
  /** Frees what was built. */
  discard(): void;
}

/** Lets `fill` put a value together; when it throws, what there is of the value is freed. */
export function building<B extends Builder>(builder: B, fill: (builder: B) => void): DecodedValue {
  try {
    fill(builder);
    return builder.finish();
  } catch (error) {
    builder.discard();
    throw error;
  }
}

export function textOf({ source, start, length }: PackedValue): string {
  return toText(source, start, start + length);
}
