// The patterns of SORT's BY and GET: where the value that belongs to an element is found. `weight_*` is a string key,
// `data_*->name` a field of a hash, `#` the element itself; what has no star belongs to no element.

import { writeText } from '../base/bytes.ts';
import { isString, TYPE, typeOf } from '../datatypes/kind.ts';
import type { Database } from '../keyspace/database.ts';
import { hashFieldText } from '../keyspace/hash-value.ts';
import { Arguments } from '../resp/arguments.ts';

const ELEMENT = '#';
const ARROW = '->';

/** Whether values can be found by this pattern at all. Observed 7.2.4: a zero byte ends a pattern before its star. */
export function hasStar(pattern: string): boolean {
  return starOf(pattern) >= 0;
}

export class SortPattern {
  private readonly isElement: boolean;
  private readonly hasKey: boolean;
  private readonly prefix: string;
  private readonly suffix: string;
  /** The field of a hash, or null for a string key. */
  private readonly field: string | null;
  private readonly key = new Arguments();
  private bytes = Buffer.alloc(128);

  /** `pattern` is a latin1 text. */
  constructor(pattern: string) {
    const star = starOf(pattern);
    const arrow = star < 0 ? -1 : arrowBehind(pattern, star);
    this.isElement = untilZero(pattern) === ELEMENT;
    this.hasKey = star >= 0;
    this.prefix = pattern.slice(0, Math.max(star, 0));
    this.suffix = pattern.slice(star + 1, arrow < 0 ? undefined : arrow);
    this.field = arrow < 0 ? null : pattern.slice(arrow + ARROW.length);
  }

  /** The value that belongs to an element, or null. Looks its key up as a read. */
  valueOf(db: Database, element: string): string | null {
    if (this.isElement) return element;
    if (!this.hasKey) return null;
    this.setKey(element);
    const ref = db.lookupRead(this.key, 0);
    if (ref === 0) return null;
    const kind = db.kind(ref);
    if (this.field !== null) return typeOf(kind) === TYPE.HASH ? hashFieldText(db, ref, this.field) : null;
    return isString(kind) ? db.valueText(ref) : null;
  }

  private setKey(element: string): void {
    const { key, prefix, suffix } = this;
    const length = prefix.length + element.length + suffix.length;
    if (length > this.bytes.length) this.bytes = Buffer.alloc(2 * length);
    const afterPrefix = writeText(this.bytes, 0, prefix);
    writeText(this.bytes, writeText(this.bytes, afterPrefix, element), suffix);
    key.begin(this.bytes);
    key.add(0, length);
  }
}

function starOf(pattern: string): number {
  return untilZero(pattern).indexOf('*');
}

// An arrow with nothing behind it is a part of the key.
function arrowBehind(pattern: string, star: number): number {
  const visible = untilZero(pattern);
  const arrow = visible.indexOf(ARROW, star + 1);
  return arrow >= 0 && arrow + ARROW.length < visible.length ? arrow : -1;
}

/** What of a text a C string function sees. */
export function untilZero(text: string): string {
  const zero = text.indexOf('\0');
  return zero < 0 ? text : text.slice(0, zero);
}
