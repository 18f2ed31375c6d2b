// Who gets which bytes: the replies of several owners in shared chunks, taken back, spread over chunks, sent in order.

import { describe, expect, it } from 'vitest';
import type { TimerService } from '../../src/base/runtime.ts';
import { type ReplyOwner, Turn } from '../../src/engine/turn.ts';

/** An owner that keeps what it would send. */
class Recorder implements ReplyOwner {
  sent = '';
  private parts: { bytes: Buffer; start: number; end: number }[] = [];
  private readonly turn: Turn;

  constructor(turn: Turn) {
    this.turn = turn;
  }

  get replyParts(): number {
    return this.parts.length;
  }

  addReply(bytes: Buffer, start: number, end: number): void {
    if (this.parts.length === 0) this.turn.enlist(this);
    const last = this.parts.at(-1);
    if (last?.bytes === bytes && last.end === start) last.end = end;
    else this.parts.push({ bytes, start, end });
  }

  truncateReplies(count: number, bytes: Buffer, at: number): void {
    const next = this.parts[count];
    const kept = next?.bytes === bytes && next.start < at ? count + 1 : count;
    this.parts.length = Math.min(kept, this.parts.length);
    const last = this.parts.at(-1);
    if (last?.bytes === bytes) last.end = Math.min(last.end, at);
  }

  runWaiting(): void {}

  flush(): boolean {
    for (const { bytes, start, end } of this.parts) this.sent += bytes.toString('latin1', start, end);
    this.parts = [];
    return true;
  }
}

function newTurn() {
  const queue: (() => void)[] = [];
  const timers = { afterTurn: (run: () => void) => queue.push(run) } as unknown as TimerService;
  const turn = new Turn(timers);
  return {
    turn,
    endTurn: () => {
      for (const run of queue.splice(0)) run();
    },
  };
}

const LONG = 'x'.repeat(70_000);

describe('Turn', () => {
  it('lingers as long as more arrives, where somebody wants that', () => {
    const { turn, endTurn } = newTurn();
    const [a, b] = [new Recorder(turn), new Recorder(turn)];
    let asked = 0;
    turn.lingers = () => ++asked < 3;
    const input = (owner: Recorder) => {
      turn.begin(owner);
      turn.writer.raw('reply');
      turn.finish();
    };
    input(a);
    endTurn();
    expect(a.sent).toBe('');
    input(b);
    endTurn();
    expect(b.sent).toBe('');
    // Nothing has come: nothing is waited for.
    endTurn();
    expect([a.sent, b.sent, asked]).toEqual(['reply', 'reply', 2]);
    input(a);
    endTurn();
    expect([a.sent, asked]).toEqual(['replyreply', 3]);
  });

  it('ends early between two inputs, and not within one', () => {
    const { turn, endTurn } = newTurn();
    const [a, b] = [new Recorder(turn), new Recorder(turn)];
    let ends = 0;
    const early: boolean[] = [];
    turn.onEnd = () => ends++;
    turn.beforeReplies.push(() => early.push(turn.isEarly));
    turn.begin(a);
    turn.writer.raw('one');
    turn.endEarly();
    expect(a.sent).toBe('');
    turn.finish();
    turn.endEarly();
    expect([a.sent, ends]).toEqual(['one', 1]);
    // Another has begun, so that what has waited for its end is sure of one.
    expect(turn.begin(b)).toBe(false);
    turn.writer.raw('two');
    turn.finish();
    endTurn();
    expect([a.sent, b.sent, ends]).toEqual(['one', 'two', 2]);
    expect(early).toEqual([true, false]);
  });

  it('does not end early while it lingers', () => {
    const { turn, endTurn } = newTurn();
    const a = new Recorder(turn);
    turn.lingers = () => true;
    turn.begin(a);
    turn.writer.raw('one');
    turn.finish();
    turn.endEarly();
    expect(a.sent).toBe('');
    endTurn();
    endTurn();
    expect(a.sent).toBe('one');
  });

  it('sends each owner its own replies, once, at the end', () => {
    const { turn, endTurn } = newTurn();
    const [a, b] = [new Recorder(turn), new Recorder(turn)];
    for (const [owner, text] of [
      [a, 'one'],
      [b, 'two'],
      [a, 'three'],
    ] as const) {
      turn.begin(owner);
      turn.writer.raw(text);
      turn.finish();
    }
    expect(a.sent).toBe('');
    endTurn();
    expect([a.sent, b.sent]).toEqual(['onethree', 'two']);
  });

  it.each([
    ['within a chunk', 'short'],
    ['over several chunks', LONG],
  ])('takes back what a failed command wrote: %s', (_name, garbage) => {
    const { turn, endTurn } = newTurn();
    const owner = new Recorder(turn);
    turn.begin(owner);
    turn.writer.raw('before');
    turn.mark(1);
    turn.writer.raw('part');
    turn.writer.raw(garbage);
    turn.writer.raw('more');
    turn.rewind(1);
    turn.writer.raw('-ERR');
    turn.finish();
    endTurn();
    expect(owner.sent).toBe('before-ERR');
  });

  it('takes back to a mark although replies were handed over in between', () => {
    const { turn, endTurn } = newTurn();
    const owner = new Recorder(turn);
    turn.begin(owner);
    turn.writer.raw('kept ');
    turn.mark(1);
    turn.writer.raw('dropped');
    turn.handOver();
    turn.writer.raw('dropped too');
    turn.rewind(1);
    turn.writer.raw('end');
    turn.finish();
    endTurn();
    expect(owner.sent).toBe('kept end');
  });

  it('has marks by depth, as commands within EXEC need', () => {
    const { turn, endTurn } = newTurn();
    const owner = new Recorder(turn);
    turn.begin(owner);
    turn.mark(0);
    turn.writer.raw('*2 ');
    turn.mark(1);
    turn.writer.raw('oops');
    turn.rewind(1);
    turn.writer.raw('ok');
    turn.rewind(0);
    turn.finish();
    endTurn();
    expect(owner.sent).toBe('');
  });

  it('lets those act first who must, and runs what waits for the replies last', () => {
    const { turn, endTurn } = newTurn();
    const owner = new Recorder(turn);
    const order: string[] = [];
    turn.beforeReplies.push(() => order.push(`before, sent "${owner.sent}"`));
    turn.afterReplies(() => order.push(`after, sent "${owner.sent}"`));
    turn.begin(owner);
    turn.writer.raw('hi');
    turn.finish();
    endTurn();
    expect(order).toEqual(['before, sent ""', 'after, sent "hi"']);
  });
});
