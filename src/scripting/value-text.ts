// Values as `tostring` shows them where no metatable has a say.

import { numberToText } from '../lua/number-text.ts';
import { type LuaValue, typeName } from '../lua/value.ts';

export function valueText(value: LuaValue): string {
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
      return numberToText(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'undefined':
      return 'nil';
    default:
      return typeName(value);
  }
}
