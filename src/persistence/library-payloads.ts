// All function libraries as FUNCTION DUMP and FUNCTION RESTORE exchange them: in the form that RDB files have them in, with
// version and checksum behind.

import { LibraryError } from '../engine/function-libraries.ts';
import { DUMP_FOOTER_BYTES, RDB_OPCODE } from './rdb/rdb-format.ts';
import { RdbError, RdbReader } from './rdb/rdb-reader.ts';
import type { RdbWriter } from './rdb/rdb-writer.ts';

/** Writes the payload of some libraries' texts (latin1). */
export function writeLibraries(writer: RdbWriter, texts: Iterable<string>): void {
  for (const text of texts) {
    writer.byte(RDB_OPCODE.FUNCTION);
    writer.stringText(text);
  }
  writer.footer();
}

/** The texts in a payload whose version and checksum are right. Throws LibraryError. */
export function readLibraries(bytes: Buffer, start: number, length: number): string[] {
  const reader = new RdbReader(bytes, start, start + length - DUMP_FOOTER_BYTES);
  const texts: string[] = [];
  try {
    while (reader.left > 0) {
      const opcode = reader.byte();
      if (opcode === RDB_OPCODE.FUNCTION_PRE_GA)
        throw new LibraryError('Pre-GA function format not supported');
      if (opcode !== RDB_OPCODE.FUNCTION) throw new LibraryError('given type is not a function');
      texts.push(reader.text());
    }
  } catch (error) {
    if (error instanceof RdbError) throw new LibraryError('failed loading the given functions payload');
    throw error;
  }
  return texts;
}
