// A value that was read and is sound but belongs to no key yet: RESTORE looks at it before it touches the key, and a
// file may have named a key that has expired. It is given to a key, or discarded.

import { copyBytes, toText } from '../../base/bytes.ts';
import { KIND, type Kind } from '../../datatypes/kind.ts';
import type { LargeValue } from '../../datatypes/large-value.ts';
import type { DetachedValue } from '../../engine/persistence.ts';
import type { Database } from '../../keyspace/database.ts';
import type { Ref } from '../../memory/heap.ts';
import type { PackedValue } from '../../memory/packed-entry.ts';
import type { Arguments } from '../../resp/arguments.ts';
import type { RdbReader } from './rdb-reader.ts';

const SLICE_PIECES = 1024;

export interface DecodedValue extends DetachedValue {
  readonly kind: Kind;
  /** As `addTo`, for a value that expires at `deadline`. */
  addVolatileTo(db: Database, args: Arguments, i: number, deadline: number | bigint): Ref;
}

/**
 * A value whose bytes go into the entry as they are. They are a slice of what was read: nothing may be read before `addTo`.
 * May be used again for the next value.
 */
export class SmallValue implements DecodedValue {
  kind: Kind = KIND.STRING_RAW;
  private bytes: Uint8Array = NO_BYTES;
  private start = 0;
  private length = 0;

  set(kind: Kind, bytes: Uint8Array, start = 0, length = bytes.length): this {
    this.kind = kind;
    this.bytes = bytes;
    this.start = start;
    this.length = length;
    return this;
  }

  addTo(db: Database, args: Arguments, i: number): Ref {
    const ref = db.write(args, i, 0, this.kind, this.length, false);
    copyBytes(this.bytes, this.start, db.valueMemory(ref), db.valueOffset(ref), this.length);
    return ref;
  }

  addVolatileTo(db: Database, args: Arguments, i: number, deadline: number | bigint): Ref {
    const ref = db.writeVolatile(args, i, 0, this.kind, this.length, deadline);
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

  addVolatileTo(db: Database, args: Arguments, i: number, deadline: number | bigint): Ref {
    return db.setDeadline(this.addTo(db, args, i), deadline);
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
  /** The value; null when nothing was added. */
  finish(): DecodedValue | null;
  /** Frees what was built. */
  discard(): void;
}

/** Lets `fill` put a value together; when it throws, what there is of the value is freed. */
export function building<B extends Builder>(builder: B, fill: (builder: B) => void): DecodedValue | null {
  try {
    fill(builder);
    return builder.finish();
  } catch (error) {
    builder.discard();
    throw error;
  }
}

/** A value of many elements that is being read, some at a time. When that throws, its owner discards it. */
export interface Reading extends Builder {
  /** Whether `readSome` may be called again when it has thrown DataAwaited; else all of the value is read again. */
  readonly goesOn: boolean;
  /** Reads a few elements; returns whether there are more. */
  readSome(): boolean;
}

export function isReading(value: DecodedValue | Reading | null): value is Reading {
  return value !== null && 'readSome' in value;
}

const ELEMENTS_AT_ONCE = 16;

/** A value of `count` elements, each of which `readOne` reads as a whole and then gives to `builder`. */
export class CountedReading implements Reading {
  readonly goesOn = true;

  private left: number;
  private readonly reader: RdbReader;
  private readonly builder: Builder;
  private readonly readOne: () => void;

  constructor(reader: RdbReader, count: number, builder: Builder, readOne: () => void) {
    this.reader = reader;
    this.left = count;
    this.builder = builder;
    this.readOne = readOne;
  }

  readSome(): boolean {
    for (let i = Math.min(this.left, ELEMENTS_AT_ONCE); i > 0; i--, this.left--) {
      this.reader.keepFrom();
      this.readOne();
    }
    return this.left > 0;
  }

  finish(): DecodedValue | null {
    return this.builder.finish();
  }

  discard(): void {
    this.builder.discard();
  }
}

export function textOf({ source, start, length }: PackedValue): string {
  return toText(source, start, start + length);
}

const NO_BYTES = new Uint8Array(0);
