// The command line as configuration text, and the reports of mistakes in it, as observed on the reference.

import { describe, expect, it } from 'vitest';
import { parseCommandLine } from '../../src/config/command-line.ts';
import { bench } from './support.ts';

describe('the command line', () => {
  it.each([
    [[], null, false, ''],
    [['a.conf'], 'a.conf', false, ''],
    [['a.conf', '--port', '7000', '--appendonly', 'yes'], 'a.conf', false, 'port "7000" \nappendonly "yes" '],
    [['--bind', 'a', 'b', '--hz', '5'], null, false, 'bind "a" "b" \nhz "5" '],
    [['--port 7000', '--hz 5'], null, false, 'port 7000 \nhz 5 '],
    [['--save', ''], null, false, 'save "" '],
    [['--save'], null, false, 'save ""'],
    [['--SAVE', '--hz', '5'], null, false, 'SAVE ""\nhz "5" '],
    [['--save', '60', '1'], null, false, 'save "60" "1" '],
    [['--save', '60 1'], null, false, 'save "60 1" '],
    [['--requirepass', '--secret', '--hz', '5'], null, false, 'requirepass "--secret" \nhz "5" '],
    [['--proc-title-template', '--my--{title}'], null, false, 'proc-title-template "--my--{title}" '],
    [['--', '5'], null, false, ' "5" '],
    [['-', '--hz', '5'], null, true, 'hz "5" '],
    [['a.conf', '--hz', '5', '-'], 'a.conf', true, 'hz "5" '],
    [['--requirepass', '-', '--hz', '5'], null, false, 'requirepass "-" \nhz "5" '],
    [['-x'], null, false, '"-x" '],
    [['--requirepass', 'a"\\\n\u00e9'], null, false, 'requirepass "a\\"\\\\\\n\\xc3\\xa9" '],
  ] as const)('%j', (words, configFile, readStdin, options) => {
    expect(parseCommandLine(words)).toEqual({ configFile, readStdin, options });
  });

  it.each([
    [['--port', 'abc'], 2, 'port "abc"', "argument couldn't be parsed into an integer"],
    [['--port', '1', '2'], 2, 'port "1" "2"', 'wrong number of arguments'],
    [['--port'], 2, 'port', 'wrong number of arguments'],
    [['--bogus', 'x'], 2, 'bogus "x"', 'Bad directive or wrong number of arguments'],
    [['--port', '1', '--save', '--hz', 'x'], 4, 'hz "x"', "argument couldn't be parsed into an integer"],
    [['--hz', '--x'], 2, 'hz "--x"', "argument couldn't be parsed into an integer"],
    [['-x'], 2, '"-x"', 'Bad directive or wrong number of arguments'],
    [['--hz', '"'], 2, 'hz "\\""', "argument couldn't be parsed into an integer"],
  ] as const)('%j is reported at line %i', (words, line, text, reason) => {
    expect(bench().loadError({ options: parseCommandLine(words).options })).toBe(
      `\n*** FATAL CONFIG FILE ERROR (Redis 7.2.4) ***\nReading the configuration file, at line ${line}\n>>> '${text}'\n${reason}\n`,
    );
  });
});
