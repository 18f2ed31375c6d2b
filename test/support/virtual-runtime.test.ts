import { expect, test } from 'vitest';
import { START_MS, VirtualRuntime } from './virtual-runtime.ts';

test('timers fire in the order of their times, and only when the clock is moved', async () => {
  const runtime = new VirtualRuntime();
  const { clock, timers } = runtime;
  const seen: string[] = [];
  const note = (name: string) => () => seen.push(`${name} ${clock.nowMs() - START_MS}`);
  timers.after(20, note('late'));
  const every = timers.every(8, note('every'));
  timers.after(10, () => timers.after(2, note('nested')));
  timers.after(5, note('cancelled')).cancel();
  await runtime.advance(19);
  expect(seen).toEqual(['every 8', 'nested 12', 'every 16']);
  every.cancel();
  await runtime.advance(100);
  expect(seen.at(-1)).toBe('late 20');
  expect(clock.nowMs()).toBe(START_MS + 119);
  expect(runtime.timerCount).toBe(0);
});

test('the same seed throws the same dice, another seed others', () => {
  const dice = (seed: number) => {
    const { random } = new VirtualRuntime({ seed });
    return [random.uint32(), random.below(1000), ...random.bytes(4)];
  };
  expect(dice(7)).toEqual(dice(7));
  expect(dice(7)).not.toEqual(dice(8));
});

test('files live in memory, and fail when they are told to', () => {
  const { files, disk } = new VirtualRuntime();
  files.mkdirSync('/data', { recursive: true });
  const fd = files.openSync('/data/a', 'w');
  files.writeSync(fd, Buffer.from('hello'));
  disk.fail('writeSync', 'ENOSPC', 1);
  files.writeSync(fd, ' world', null, 'latin1');
  expect(() => files.writeSync(fd, '!')).toThrow('ENOSPC');
  files.closeSync(fd);
  files.renameSync('/data/a', '/data/b');
  expect(disk.read('/data/b')).toBe('hello world');
  expect(files.existsSync('/data/a')).toBe(false);
  expect(files.readdirSync('/data')).toEqual(['b']);
  expect(() => files.readFileSync('/data/a')).toThrow('ENOENT');
  expect(() => files.writeFileSync('/nowhere/a', '')).toThrow('ENOENT');
});
