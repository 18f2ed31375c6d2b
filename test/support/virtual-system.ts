// An operating system that a test holds in its hand: what the server asks of it is noted, and answered as the test says.

import type { ProgramEnd, SystemDoor } from '../../src/base/system-door.ts';

export class VirtualSystem implements SystemDoor {
  readonly variables: Record<string, string> = {};
  /** Everything asked for, in order: `title …`, `raise …`, `run …`, `beside …`, `reader …`, `again …`. */
  readonly asked: string[] = [];
  /** What the readers were given, all together. */
  written = '';
  /** How programs end. */
  programEnd: ProgramEnd = { code: 0, error: '' };
  private endReader: (end: ProgramEnd) => void = () => {};

  environment(name: string): string {
    return this.variables[name] ?? '';
  }

  forgetEnvironment(name: string): void {
    delete this.variables[name];
  }

  setTitle(title: string): void {
    this.asked.push(`title ${title}`);
  }

  isTerminal(): boolean {
    return false;
  }

  raise(signal: string): void {
    this.asked.push(`raise ${signal}`);
  }

  run(program: string, args: readonly string[]): ProgramEnd {
    this.asked.push(['run', program, ...args].join(' '));
    return this.programEnd;
  }

  runBeside(program: string, args: readonly string[], done: (end: ProgramEnd) => void): void {
    this.asked.push(['beside', program, ...args].join(' '));
    done(this.programEnd);
  }

  startReader(program: string, args: readonly string[], ended: (end: ProgramEnd) => void) {
    this.asked.push(['reader', program, ...args].join(' '));
    this.endReader = ended;
    return {
      write: (text: string) => {
        this.written += text;
      },
      end: () => {
        this.asked.push('reader ends');
      },
    };
  }

  /** The program that reads has ended by itself. */
  readerEnds(end: ProgramEnd): void {
    this.endReader(end);
  }

  startAgain(
    variables: Readonly<Record<string, string>>,
    input: string | null,
    started: (error: string | null) => void,
  ): void {
    this.asked.push(`again ${JSON.stringify(variables)} ${JSON.stringify(input)}`);
    started(null);
  }
}
