// Sets in all their forms against a model: members, sizes, places, and which form a set has when.

import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { SeededRandom } from '../../src/base/runtime.ts';
import { encodingName, KIND } from '../../src/datatypes/kind.ts';
import { DEFAULT_LIMITS } from '../../src/keyspace/encoding-limits.ts';
import { FreshSet } from '../../src/keyspace/fresh-set.ts';
import { Keyspace } from '../../src/keyspace/keyspace.ts';
import type { MemberSet } from '../../src/keyspace/member-set.ts';
import { forEachMember, setHasText, setSize, storeSet } from '../../src/keyspace/set-value.ts';
import type { StoredSet } from '../../src/keyspace/stored-set.ts';
import { Arguments } from '../../src/resp/arguments.ts';

const KEY = Arguments.from(['sadd', 'key', 'member']);

let keyspace: Keyspace;

beforeEach(() => {
  keyspace = newKeyspace();
});

function newKeyspace(): Keyspace {
  const made = new Keyspace(1, new SeededRandom(Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8])));
  made.limits = {
    ...DEFAULT_LIMITS,
    'set-max-intset-entries': 6,
    'set-max-listpack-entries': 9,
    'set-max-listpack-value': 12,
  };
  return made;
}

const db = () => keyspace.database(0);

function create(member: string, count = 1): StoredSet {
  const { sets } = keyspace;
  return sets.set.create(db(), KEY, 1, sets.member.setText(member), count);
}

/** Opens the key's set anew: what was written must not live in the object alone. */
function reopened(): StoredSet {
  return keyspace.sets.set.open(db(), db().peek(KEY, 1));
}

function membersOf(set: MemberSet): string[] {
  const { cursor } = keyspace.sets;
  const members: string[] = [];
  for (cursor.begin(set); cursor.next(); ) members.push(cursor.member.text());
  return members;
}

const add = (set: MemberSet, text: string) => set.add(keyspace.sets.member.setText(text));

const someMember = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -9, max: 9 }).map(String) },
  { weight: 2, arbitrary: fc.constantFrom('a', 'b', 'c', '', '01', '-0', '\0\xff', '9223372036854775807') },
  { weight: 1, arbitrary: fc.constantFrom('9223372036854775808', '9007199254740993', 'x'.repeat(13)) },
  { weight: 1, arbitrary: fc.constantFrom('y'.repeat(20_000), '40000', '-3000000000') },
);

describe('StoredSet', () => {
  it('does what a Set does, in the form that the limits ask for', () => {
    const step = fc.tuple(fc.constantFrom('add', 'add', 'add', 'remove', 'removeAt'), someMember);
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
        keyspace = newKeyspace();
        const model = new Set<string>();
        let form = '';
        for (const [action, text] of steps) {
          if (model.size === 0) {
            create(text);
            model.add(text);
            form = /^(0|-?[1-9]\d{0,17}|9223372036854775807)$/.test(text) ? 'intset' : 'listpack';
            if (form === 'listpack' && text.length > 12) form = 'hashtable';
          } else if (action === 'add') {
            expect(add(reopened(), text)).toBe(!model.has(text));
            model.add(text);
          } else if (action === 'remove') {
            expect(reopened().remove(keyspace.sets.member.setText(text))).toBe(model.delete(text));
          } else {
            const set = reopened();
            const place = set.size % 2 === 0 ? set.randomPlace() : set.randomPlaceToRemove();
            set.read(place, keyspace.sets.member);
            expect(model.delete(keyspace.sets.member.text())).toBe(true);
            set.removeAt(place);
          }
          const set = reopened();
          expect(set.size).toBe(model.size);
          expect(membersOf(set).sort()).toEqual([...model].sort());
          expect(set.has(keyspace.sets.member.setText(text))).toBe(model.has(text));
          expect(encodingName(set.kind)).toBe(encodingName(db().kind(db().peek(KEY, 1))));
          if (set.kind === KIND.SET_PACKED) expect(form).not.toBe('hashtable');
          if (set.kind === KIND.SET_INTSET) expect(form).toBe('intset');
          form = encodingName(set.kind);
          if (model.size === 0) set.removeKey();
        }
        keyspace.flushAll(true);
      }),
      { seed: 23, numRuns: 300 },
    );
  });

  it('leaves nothing behind when its key goes', () => {
    const empty = keyspace.usedBytes;
    for (const last of ['7', 'text', 'z'.repeat(40)]) {
      create('1');
      for (const text of ['2', '3', last]) add(reopened(), text);
      reopened().removeKey();
      expect(keyspace.usedBytes).toBe(empty);
    }
  });

  it('removes members of a packed set at many places at once', () => {
    create('a');
    for (const text of ['b', '5', 'dd', '-700', 'f']) add(reopened(), text);
    const set = reopened();
    const { cursor } = keyspace.sets;
    const places: number[] = [];
    for (cursor.begin(set); cursor.next(); ) places.push(cursor.place);
    set.removeFromPacked(places.filter((_, i) => i % 2 === 0));
    expect(membersOf(reopened())).toEqual(['b', 'dd', 'f']);
    reopened().removeFromPacked([]);
    expect(membersOf(reopened())).toEqual(['b', 'dd', 'f']);
  });

  it('becomes a table before more members come than a small form may hold', () => {
    create('1').prepareFor(6);
    expect(reopened().kind).toBe(KIND.SET_INTSET);
    reopened().prepareFor(7);
    expect(reopened().kind).toBe(KIND.SET_TABLE);
    expect(membersOf(reopened())).toEqual(['1']);
  });

  it('shows its members to look ahead for, with their hashes', () => {
    create('a', 100);
    for (let i = 0; i < 2000; i++) add(reopened(), `m${i}`);
    const { cursor } = keyspace.sets;
    const set = reopened();
    let members = 0;
    for (cursor.begin(set, [set.table]); cursor.next(); members++) {
      const { bytes, start, length } = cursor.member;
      expect(cursor.member.hash(keyspace.seed)).toBe(set.table.hash(bytes, start, length));
    }
    expect(members).toBe(2001);
  });
});

describe('FreshSet', () => {
  it('finds its way back to an intset when told that all are integers', () => {
    const { cursor } = keyspace.sets;
    const set = new FreshSet(keyspace, KIND.SET_PACKED);
    for (const text of ['5', '3', '-9223372036854775808']) add(set, text);
    set.becomeIntset(cursor);
    expect(set.kind).toBe(KIND.SET_INTSET);
    expect(membersOf(set)).toEqual(['-9223372036854775808', '3', '5']);
    for (const text of ['6', '7', '8', '9']) add(set, text);
    expect(set.kind).toBe(KIND.SET_TABLE);
    set.becomeIntset(cursor);
    expect(set.kind).toBe(KIND.SET_TABLE);
    set.remove(keyspace.sets.member.setText('9'));
    set.becomeIntset(cursor);
    expect(membersOf(set)).toEqual(['-9223372036854775808', '3', '5', '6', '7', '8']);
  });

  it('gives its memory back when no key takes it', () => {
    const empty = keyspace.usedBytes;
    const set = new FreshSet(keyspace, KIND.SET_PACKED);
    for (let i = 0; i < 50; i++) add(set, `m${i}`);
    expect(keyspace.usedBytes).toBeGreaterThan(empty);
    set.drop();
    expect(keyspace.usedBytes).toBe(empty);
  });
});

describe('sets as texts', () => {
  it('stores what it is given over any value, without its deadline', () => {
    for (const members of [['1', '2'], ['a', '1'], Array.from({ length: 30 }, (_, i) => `m${i}`)]) {
      const before = db().peek(KEY, 1);
      const ref = storeSet(db(), KEY, 1, before, members);
      expect(setSize(db(), ref)).toBe(members.length);
      const seen: string[] = [];
      forEachMember(db(), ref, (member) => seen.push(member));
      expect(seen.sort()).toEqual([...members].sort());
      expect(setHasText(db(), ref, members[0]!)).toBe(true);
      expect(setHasText(db(), ref, 'none')).toBe(false);
      expect(db().deadline(ref)).toBe(0);
      db().setDeadline(ref, 1_000_000);
    }
  });
});
