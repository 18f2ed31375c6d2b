// What a chunk that was compiled for the debugger tells on its way: which functions are under way, and each new line
// before it is run. A line is new, as in Lua 5.1, where it is another than the last in the same function, or after a jump
// back to the begin of a loop.

import type { Sites } from './frames.ts';
import type { DebugFrame, Debugger } from './state.ts';
import type { LuaValue } from './value.ts';

/** As many functions under way are told of, the innermost ones. */
const MAX_TOLD = 200;

type ReadLocals = () => [name: string, value: LuaValue][];

class Frame implements DebugFrame {
  readonly source: string;
  readonly functionName: string;
  line: number;
  isNew = true;
  read: ReadLocals = () => [];

  constructor(source: string, functionName: string, line: number) {
    this.source = source;
    this.functionName = functionName;
    this.line = line;
  }

  readonly locals = (): { name: string; value: LuaValue }[] =>
    this.read().map(([name, value]) => ({ name, value }));
}

export class DebugFrames {
  debugger: Debugger | null = null;
  /** The innermost last. */
  private frames: Frame[] = [];

  clear(): void {
    this.frames = [];
  }

  enter({ chunkName }: Sites, functionName: string, line: number): Frame {
    const frame = new Frame(chunkName, functionName, line);
    this.frames.push(frame);
    return frame;
  }

  leave(frame: Frame): void {
    const place = this.frames.lastIndexOf(frame);
    // Not there: a coroutine ends that was left in between.
    if (place >= 0) this.frames.length = place;
  }

  /** Before a statement: whether to pause. */
  line(frame: Frame, line: number, read: ReadLocals): boolean {
    const isNew = frame.isNew || frame.line !== line;
    frame.line = line;
    frame.read = read;
    frame.isNew = false;
    if (!isNew || this.debugger === null) return false;
    return this.debugger.onLine(this.frames.slice(-MAX_TOLD).reverse());
  }

  /** A loop goes back to its begin. Always false. */
  back(frame: Frame): boolean {
    frame.isNew = true;
    return false;
  }
}
