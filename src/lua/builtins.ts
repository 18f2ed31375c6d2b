// Which names in a chunk mean natives that can be called directly. A read-only table of globals, and the read-only tables
// in it, say the same for as long as the chunk lives; so what they say is looked up once, when it is compiled.

import type { Expression } from './syntax-tree.ts';
import { LuaTable } from './table.ts';
import type { LuaFunction, LuaValue } from './value.ts';

/** Natives that come back soon and call nothing of Lua: a function that calls only these need not be able to pause. */
const SHORT = new RegExp(
  `^(${[
    '(redis|server|bit|cjson|cmsgpack|struct|math)\\..*',
    'string\\.(byte|char|format|len|lower|upper|reverse|sub|rep|dump)',
    'table\\.(insert|remove|concat|getn|maxn|setn)',
    'assert|error|getmetatable|ipairs|next|pairs|rawequal|rawget|rawset|select|setmetatable|tonumber|type|unpack',
    'collectgarbage|gcinfo|newproxy',
  ].join('|')})$`,
);

/** Short too where there are no metamethods. */
const SHORT_WITHOUT_METAMETHODS = /^tostring$/;

export interface Builtin {
  readonly value: LuaFunction;
  readonly isShort: boolean;
  readonly isShortWithoutMetamethods: boolean;
}

export class Builtins {
  private readonly environment: LuaTable;

  constructor(environment: LuaTable) {
    this.environment = environment;
  }

  /** The native that `expression` always means, or null. */
  find(expression: Expression): Builtin | null {
    const path = this.pathOf(expression);
    if (path === null) return null;
    let value: LuaValue = this.environment;
    for (const name of path) {
      if (!(value instanceof LuaTable) || !value.isReadOnly) return null;
      value = value.getString(name);
    }
    if (typeof value !== 'function') return null;
    const name = path.join('.');
    const isShort = SHORT.test(name);
    return { value, isShort, isShortWithoutMetamethods: isShort || SHORT_WITHOUT_METAMETHODS.test(name) };
  }

  private pathOf(expression: Expression): string[] | null {
    if (expression.kind === 'global') return [expression.name];
    if (expression.kind !== 'index' || expression.key.kind !== 'string') return null;
    return expression.object.kind === 'global' ? [expression.object.name, expression.key.value] : null;
  }
}
