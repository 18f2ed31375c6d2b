// Values and fields of modules as they stand in RDB files: nothing can be made of them here, but from version 9 on each
// part says what it is, so that they can be read past and looked through for damage.

import { RdbError, type RdbReader } from './rdb-reader.ts';

/** What comes next in a module's value. */
export const MODULE_PART = { END: 0, SIGNED: 1, UNSIGNED: 2, FLOAT: 3, DOUBLE: 4, STRING: 5 } as const;

const FLOAT_BYTES = 4;
const DOUBLE_BYTES = 8;

const NAME_LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** The name in the ID of a module's type: nine letters of six bits, then ten bits of version. */
export function moduleTypeName(id: number | bigint): string {
  let name = '';
  for (let bits = BigInt(id) >> 10n, i = 0; i < 9; i++, bits >>= 6n)
    name = NAME_LETTERS[Number(bits & 63n)] + name;
  return name;
}

/** Reads past a module's value, whose ID was read before. Throws RdbError, naming the module. Unknown parts count as empty. */
export function skipModuleValue(reader: RdbReader, moduleName: string): void {
  for (;;) {
    const part = reader.number();
    if (part === MODULE_PART.END) return;
    let what = '';
    try {
      if (part === MODULE_PART.SIGNED || part === MODULE_PART.UNSIGNED) {
        what = 'integer';
        reader.number();
      } else if (part === MODULE_PART.STRING) {
        what = 'string';
        reader.string();
      } else if (part === MODULE_PART.FLOAT) {
        what = 'float';
        reader.rawBytes(FLOAT_BYTES);
      } else if (part === MODULE_PART.DOUBLE) {
        what = 'double';
        reader.rawBytes(DOUBLE_BYTES);
      }
    } catch (error) {
      if (!(error instanceof RdbError && error.isShort)) throw error;
      throw reader.error(`Error reading ${what} from module ${moduleName} value`);
    }
  }
}
