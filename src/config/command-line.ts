// The arguments of the server's command line as configuration: an optional file first, an optional "-" for standard
// input first or last, and options, which become the text of configuration lines put behind the file's. Reading that
// text is parser.ts's; options that print something and leave (--help, --version) are the caller's.

import { quote, splitArguments } from '../base/quote.ts';
import { bytesFromText } from './file-text.ts';

export interface CommandLine {
  /** The file as it was written; null without one. */
  readonly configFile: string | null;
  readonly readStdin: boolean;
  /** Lines of configuration, one per option. */
  readonly options: string;
}

/**
 * Reads the arguments behind the program's name. `--name value ...` becomes the line `name "value" ...`. A word that
 * begins with "--" right behind a bare option name is its value, not an option; only `--save` may go without.
 */
export function parseCommandLine(argumentsGiven: readonly string[]): CommandLine {
  const words = argumentsGiven.map(bytesFromText);
  const hasFile = words.length > 0 && !words[0]!.startsWith('-');
  const last = words.length - 1;
  let readStdin = false;
  let options = '';
  let optionMayStart = true;
  for (let i = hasFile ? 1 : 0; i <= last; i++) {
    const word = words[i]!;
    if (word === '-' && (i === 0 || i === last)) {
      readStdin = true;
    } else if (optionMayStart && word.startsWith('--')) {
      options += `${options === '' ? '' : '\n'}${word.slice(2)} `;
      // Name and value in one argument ("--port 6380") is a whole option; a bare name waits for its value.
      optionMayStart = splitArguments(word)?.length !== 1;
      const next = words[i + 1];
      const endsHere = next === undefined || next.startsWith('--');
      if (!optionMayStart && endsHere && word.toLowerCase() === '--save') {
        options += '""';
        optionMayStart = true;
      }
    } else {
      options += `${quote(word)} `;
      optionMayStart = true;
    }
  }
  return { configFile: hasFile ? words[0]! : null, readStdin, options };
}
