// The order of texts by the rules of a language (locale-collate), by what Node knows of languages. The C library's order is
// the same in the main and differs in corners; both put equal texts into the order of their bytes.

import { textFromBytes } from './byte-text.ts';
import { compareText } from './bytes.ts';

/** Compares two byte strings: negative, 0 for equal ones only, positive. */
export type Collation = (a: string, b: string) => number;

const OF_BYTES: readonly string[] = ['', 'C', 'POSIX'];

/** The order of a locale as the environment writes it (`de_DE.UTF-8`); null for that of the bytes, and for unknown ones. */
export function collationOf(locale: string): Collation | null {
  const language = locale.split(/[.@]/, 1)[0] ?? '';
  if (OF_BYTES.includes(language)) return null;
  let order: Intl.Collator;
  try {
    order = new Intl.Collator(language.replace('_', '-'));
  } catch {
    return null;
  }
  return (a, b) => order.compare(textFromBytes(a), textFromBytes(b)) || compareText(a, b);
}

/** The locale that an empty `locale-collate` stands for. */
export function environmentLocale(variable: (name: string) => string): string {
  return variable('LC_ALL') || variable('LC_COLLATE') || variable('LANG');
}
