// Made-up programs in Lua that end: locals, closures, loops, tables, metatables, coroutines, and plenty of errors that
// pcall catches. Each returns the list of what it came upon.

const PRELUDE = `
local out = {}
local function show(v)
  local t = type(v)
  if t == 'table' or t == 'function' or t == 'thread' then v = t else v = tostring(v) end
  out[#out + 1] = v
end
local meta = {}
meta.__index = function(t, k) return type(k) == 'string' and k .. '?' or nil end
meta.__add = function(a, b) return 'add' end
meta.__concat = function(a, b) return 'cat' end
meta.__lt = function(a, b) return true end
meta.__eq = function(a, b) return true end
meta.__call = function(self, x) return x, 'called' end
meta.__unm = function() return setmetatable({}, meta) end
local a, b, c, d = 1, 'two', {10, 20, x = 5, y = {z = 'deep'}}, setmetatable({v = 3}, meta)
local f = function(x, ...) if x == 7 then error('seven', select('#', ...)) end return x, ... end
local e, g
`;

/** The program of a seed. */
export function programOf(seed: number): string {
  return new ProgramWriter(seed).write();
}

class ProgramWriter {
  private state: number;
  private lastName = 0;
  private names: string[] = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];

  constructor(seed: number) {
    this.state = (seed * 2654435761 + 12345) >>> 0;
  }

  write(): string {
    let body = '';
    for (let i = 0; i < 14; i++) {
      const kept = [...this.names];
      body += `show(select(2, pcall(function()\n${this.block(3)}return ${this.expression(2)}\nend)))\n`;
      this.names = kept;
      if (this.chance(0.3)) body += this.statement(2);
    }
    return `${PRELUDE}local ok, err = pcall(function()\n${body}end)\nshow(ok) show(err)\nreturn out`;
  }

  private block(depth: number): string {
    const outer = [...this.names];
    let code = '';
    for (let i = this.below(4); i >= 0; i--) code += this.statement(depth);
    this.names = outer;
    return code;
  }

  private statement(depth: number): string {
    const kind = this.below(depth > 0 ? 13 : 6);
    switch (kind) {
      case 0:
      case 1: {
        const value = this.expression(2);
        return `local ${this.fresh()} = ${value}\n`;
      }
      case 2:
        return `${this.name()} = ${this.expression(2)}\n`;
      case 3:
        return `show(${this.expression(2)})\n`;
      case 4:
        return `${this.name()}.${this.field()} = ${this.expression(1)}\n`;
      case 5:
        return `${this.name()}[${this.expression(1)}] = ${this.expression(1)}\n`;
      case 6:
        return `if ${this.expression(2)} then\n${this.block(depth - 1)}else\n${this.block(depth - 1)}end\n`;
      case 7: {
        const outer = [...this.names];
        const head = `for ${this.fresh()} = ${this.below(4)}, ${this.below(6)}${this.chance(0.3) ? `, ${this.pick(['1', '2', '-1', '0.5'])}` : ''} do\n`;
        const code = `${head}${this.block(depth - 1)}end\n`;
        this.names = outer;
        return code;
      }
      case 8: {
        const outer = [...this.names];
        const list = this.pick(['ipairs({3, 1, 2})', 'pairs({5, 6})', 'ipairs(c)', 'next, {4}', 'pairs(b)']);
        const key = this.fresh();
        const code = `for ${key}, ${this.fresh()} in ${list} do\n${this.block(depth - 1)}${this.chance(0.2) ? 'break\n' : ''}end\n`;
        this.names = outer;
        return code;
      }
      case 9: {
        const name = this.fresh();
        return `local ${name} = 0\nwhile ${name} < ${this.below(4)} do\n${name} = ${name} + 1\n${this.block(depth - 1)}end\n`;
      }
      case 10: {
        const outer = [...this.names];
        const name = this.fresh();
        const parameter = this.fresh();
        const body = `${this.block(depth - 1)}return ${this.expression(1)}, ${parameter}\n`;
        this.names = [...outer, name];
        return `local function ${name}(${parameter}, ...)\n${body}end\nshow(${name}(${this.expression(1)}))\n`;
      }
      case 11: {
        const outer = [...this.names];
        const name = this.fresh();
        const inner = this.block(depth - 1);
        this.names = [...outer, name];
        return `local ${name} = coroutine.wrap(function(...)\n${inner}coroutine.yield(${this.expressionOf(outer, 1)})\nreturn 'end'\nend)\nshow(${name}(1)) show(${name}(2))\n`;
      }
      default: {
        const [x, y] = [this.name(), this.name()];
        return x === y ? '' : `${x}, ${y} = ${this.expression(1)}, ${this.expression(1)}\n`;
      }
    }
  }

  private expressionOf(names: string[], depth: number): string {
    const kept = this.names;
    this.names = names;
    const code = this.expression(depth);
    this.names = kept;
    return code;
  }

  private expression(depth: number): string {
    if (depth === 0 || this.chance(0.25)) return this.chance(0.55) ? this.name() : this.literal();
    const inner = () => this.expression(depth - 1);
    switch (this.below(14)) {
      case 0:
      case 1:
        return `(${inner()} ${this.pick(['+', '-', '*', '/', '%', '^'])} ${inner()})`;
      case 2:
        return `(${inner()} .. ${inner()}${this.chance(0.4) ? ` .. ${inner()}` : ''})`;
      case 3:
        return `(${inner()} ${this.pick(['<', '<=', '>', '>=', '==', '~='])} ${inner()})`;
      case 4:
        return `(${inner()} ${this.pick(['and', 'or'])} ${inner()})`;
      case 5:
        return `(${this.pick(['not ', '- ', '#'])}${inner()})`;
      case 6:
        return `${this.name()}.${this.field()}`;
      case 7:
        return `${this.name()}[${inner()}]`;
      case 8:
        return `${this.name()}(${inner()}, ${inner()})`;
      case 9:
        return `${this.name()}:${this.pick(['upper', 'len', 'rep', 'foo'])}(${this.chance(0.5) ? inner() : ''})`;
      case 10:
        return `{${inner()}, ${this.field()} = ${inner()}, ${inner()}}`;
      case 11:
        return `function(p, ...) return ${this.expression(1)}, p end`;
      case 12:
        return `${this.pick(['tostring', 'type', 'tonumber', 'math.floor', 'string.rep', 'unpack', 'select'])}(${inner()})`;
      default:
        return `c.y.${this.field()}`;
    }
  }

  private literal(): string {
    return this.pick([
      '1',
      '2',
      '7',
      '0.5',
      '-3',
      "'s'",
      "'10'",
      'nil',
      'true',
      'false',
      '{}',
      "''",
      '{1, 2}',
    ]);
  }

  private field(): string {
    return this.pick(['x', 'y', 'z', 'v']);
  }

  private name(): string {
    return this.pick(this.names);
  }

  private fresh(): string {
    const name = `n${++this.lastName}`;
    this.names = [...this.names, name];
    return name;
  }

  private pick(from: readonly string[]): string {
    return from[this.below(from.length)]!;
  }

  private chance(part: number): boolean {
    return this.below(1000) < part * 1000;
  }

  private below(bound: number): number {
    // A xorshift is good enough to vary programs.
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    return (this.state >>> 0) % bound;
  }
}
