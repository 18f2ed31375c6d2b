import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../../src/base/runtime.ts';
import { AccessClock } from '../../src/keyspace/access-clock.ts';

const NOW_MS = 1_767_225_600_000;
const MINUTE_MS = 60_000;

function clockWith(policy: Partial<AccessClock['policy']> = {}): AccessClock {
  const clock = new AccessClock(new SeededRandom(Uint8Array.from([7])));
  clock.policy = { ...clock.policy, ...policy };
  clock.setTime(NOW_MS);
  return clock;
}

describe('least recently used', () => {
  test('idle time counts whole seconds since the last access', () => {
    const clock = clockWith();
    const bits = clock.initial();
    expect(clock.idleSeconds(bits)).toBe(0);
    clock.setTime(NOW_MS + 999);
    expect(clock.idleSeconds(bits)).toBe(0);
    clock.setTime(NOW_MS + 90_000);
    expect(clock.idleSeconds(bits)).toBe(90);
    expect(clock.idleSeconds(clock.touched(bits))).toBe(0);
  });

  test('24 bits wrap around after half a year', () => {
    const clock = clockWith();
    const bits = clock.initial();
    clock.setTime(NOW_MS + (2 ** 24 - 1) * 1000);
    expect(clock.idleSeconds(bits)).toBe(2 ** 24 - 1);
    clock.setTime(NOW_MS + 2 ** 24 * 1000);
    expect(clock.idleSeconds(bits)).toBe(0);
  });

  test('bits for an idle time say that time', () => {
    const clock = clockWith();
    for (const idle of [0, 1, 1000, 2 ** 24 - 1]) {
      expect(clock.idleSeconds(clock.bitsForIdle(idle))).toBe(idle);
    }
  });

  test('the clock is that of INFO', () => {
    expect(clockWith().lruClock).toBe((NOW_MS / 1000) & 0xffffff);
  });
});

describe('least frequently used', () => {
  function after(accesses: number, policy: Partial<AccessClock['policy']> = {}): number {
    const clock = clockWith({ isLfu: true, ...policy });
    let bits = clock.initial();
    for (let i = 0; i < accesses; i++) bits = clock.touched(bits);
    return clock.frequency(bits);
  }

  test('a new entry counts five', () => {
    expect(after(0)).toBe(5);
  });

  // As redis.conf tells: what the counter shows after so many hits with such a factor, give or take some luck.
  test.each([
    [0, 100, 105, 105],
    [0, 1000, 255, 255],
    [1, 100, 15, 22],
    [1, 1000, 44, 55],
    [10, 100, 7, 13],
    [10, 1000, 15, 22],
    [10, 100_000, 132, 152],
    [100, 100, 5, 10],
    [100, 100_000, 42, 56],
  ])('with factor %i, %i accesses count %i to %i', (lfuLogFactor, accesses, low, high) => {
    const counter = after(accesses, { lfuLogFactor });
    expect(counter).toBeGreaterThanOrEqual(low);
    expect(counter).toBeLessThanOrEqual(high);
  });

  test('the counter ends at 255', () => {
    expect(after(10_000, { lfuLogFactor: 0 })).toBe(255);
  });

  test('the counter falls by one for each period', () => {
    const clock = clockWith({ isLfu: true, lfuDecayTimeMinutes: 2 });
    const bits = clock.bitsForFrequency(100);
    for (const [minutes, counter] of [
      [0, 100],
      [1, 100],
      [2, 99],
      [5, 98],
      [200, 0],
      [1000, 0],
    ] as const) {
      clock.setTime(NOW_MS + minutes * MINUTE_MS);
      expect(clock.frequency(bits)).toBe(counter);
    }
  });

  test('a decay time of 0 means none', () => {
    const clock = clockWith({ isLfu: true, lfuDecayTimeMinutes: 0 });
    const bits = clock.bitsForFrequency(100);
    clock.setTime(NOW_MS + 1000 * MINUTE_MS);
    expect(clock.frequency(bits)).toBe(100);
  });

  test('an access first takes off what is due, and begins a new period', () => {
    const clock = clockWith({ isLfu: true, lfuLogFactor: 1_000_000, lfuDecayTimeMinutes: 1 });
    let bits = clock.bitsForFrequency(100);
    clock.setTime(NOW_MS + 10 * MINUTE_MS);
    bits = clock.touched(bits);
    expect(clock.frequency(bits)).toBe(90);
    clock.setTime(NOW_MS + 11 * MINUTE_MS);
    expect(clock.frequency(bits)).toBe(89);
  });

  test('minutes wrap around after 45 days', () => {
    const clock = clockWith({ isLfu: true });
    clock.setTime(0xffff * MINUTE_MS);
    const bits = clock.bitsForFrequency(100);
    clock.setTime(0x10003 * MINUTE_MS);
    expect(clock.frequency(bits)).toBe(96);
  });
});
