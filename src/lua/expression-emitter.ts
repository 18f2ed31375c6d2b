// Expressions to JavaScript. What is usual (numbers added, tables indexed, natives called) is written out; everything
// else goes to the runtime (runtime.ts), after `p` has been set to the site, so that an error knows its line.
//
// In generated code: T is LuaTable, G the class of generators, D the depth of the stack, E the globals, p the site.

import {
  type ChunkParts,
  describe,
  isBoxed,
  isConstant,
  knownFunction,
  nameOf,
  numberLiteral,
  quote,
} from './emitter.ts';
import type { Call, Expression, FunctionTree, Local } from './syntax-tree.ts';

const OPERATIONS = {
  '+': 'add',
  '-': 'subtract',
  '*': 'multiply',
  '/': 'divide',
  '%': 'modulo',
  '^': 'power',
} as const;

export abstract class ExpressionEmitter {
  protected readonly parts: ChunkParts;
  protected readonly tree: FunctionTree;
  /** Whether the function has to be a generator. */
  protected canYield = false;
  /** How many steps the calls of plain functions in it take. */
  protected cost = 1;
  private depth = 0;
  protected maxTemps = 0;

  constructor(parts: ChunkParts, tree: FunctionTree) {
    this.parts = parts;
    this.tree = tree;
  }

  /** Code that makes a function of Lua. */
  protected abstract closure(tree: FunctionTree): string;

  /** One value. */
  protected value(e: Expression): string {
    switch (e.kind) {
      case 'nil':
        return 'undefined';
      case 'true':
      case 'false':
        return e.kind;
      case 'number':
        return this.number(e.value);
      case 'string':
        return quote(e.value);
      case 'varargs':
        return 'va[0]';
      case 'function':
        return this.closure(e.function);
      case 'local':
        return this.local(e.local);
      case 'global':
        return this.global(e.name, e.line);
      case 'index':
        return this.index(e);
      case 'and':
      case 'or':
        return this.choice(e);
      case 'not':
      case 'compare':
        return this.condition(e);
      case 'negate':
        return this.negate(e);
      case 'length':
        return this.lengthOf(e);
      case 'arithmetic':
        return this.arithmetic(e);
      case 'concat':
        return this.concat(e);
      case 'parenthesis':
        return this.value(e.inner);
      case 'table':
        return this.table(e);
      default:
        return this.callForValue(e);
    }
  }

  private number(value: number): string {
    if (value !== 0) return numberLiteral(value);
    this.tree.zero ??= value;
    return numberLiteral(this.tree.zero);
  }

  protected local(local: Local): string {
    return isBoxed(local) ? `v${local.id}[0]` : `v${local.id}`;
  }

  /** A list of values: code for an array that must not be changed. */
  protected values(list: readonly Expression[]): string {
    if (list.length === 1 && isOpen(list[0]!)) return this.open(list[0]!);
    return `[${this.items(list)}]`;
  }

  /** The items of an array literal or of a call; the last expression gives all its values. */
  protected items(list: readonly Expression[]): string {
    return list
      .map((e, i) => (i === list.length - 1 && isOpen(e) ? `...${this.open(e)}` : this.value(e)))
      .join(',');
  }

  /** All values of a call or of `...` as an array. */
  private open(e: Expression): string {
    if (e.kind === 'varargs') return 'va';
    const code = this.call(e as Call, false);
    return code.isShort ? `all(settle(${code.text}))` : `all(${this.finished(code.text)})`;
  }

  /** A boolean of JavaScript: whether the value is true for Lua. */
  protected condition(e: Expression): string {
    switch (e.kind) {
      case 'nil':
      case 'false':
        return 'false';
      case 'true':
      case 'number':
      case 'string':
      case 'function':
        return 'true';
      case 'not':
        return `!${this.condition(e.operand)}`;
      case 'and':
        return `(${this.condition(e.left)}&&${this.condition(e.right)})`;
      case 'or':
        return `(${this.condition(e.left)}||${this.condition(e.right)})`;
      case 'compare':
        return this.compare(e);
      case 'parenthesis':
        return this.condition(e.inner);
      default: {
        if (isConstant(e)) return isTrue(this.value(e));
        const code = this.value(e);
        return this.withTemp((t) => `((${t}=${code})!==undefined&&${t}!==false)`);
      }
    }
  }

  private choice(e: Expression & { kind: 'and' | 'or' }): string {
    const left = this.value(e.left);
    return this.withTemp((t) => {
      const right = this.value(e.right);
      return e.kind === 'and'
        ? `((${t}=${left})===undefined||${t}===false?${t}:${right})`
        : `((${t}=${left})!==undefined&&${t}!==false?${t}:${right})`;
    });
  }

  // Operations. `operand` evaluates an expression once and says how to name its value from then on.

  private operand(e: Expression, use: (first: string, again: string) => string): string {
    const code = this.value(e);
    if (isConstant(e)) return use(code, code);
    return this.withTemp((t) => use(`(${t}=${code})`, t));
  }

  private arithmetic(e: Expression & { kind: 'arithmetic' }): string {
    return this.operand(e.left, (left, a) =>
      this.operand(e.right, (right, b) => {
        const checks: string[] = [];
        // The left one is evaluated in any case, and before the right one.
        const begin = isConstant(e.left) ? '' : `${left},`;
        const rest = isConstant(e.right) ? '' : `${right},`;
        if (!isNumber(e.left)) checks.push(`typeof ${a}==='number'`);
        if (!isNumber(e.right)) checks.push(`typeof ${b}==='number'`);
        const fast = fastArithmetic(e.operator, a, b);
        if (checks.length === 0) return `(${begin}${rest}${fast})`;
        const names = `${quote(describe(e.left))},${quote(describe(e.right))}`;
        const slow = this.slow(e.line, OPERATIONS[e.operator], `${a},${b},${names}`);
        return `(${begin}${rest}${checks.join('&&')}?${fast}:${slow})`;
      }),
    );
  }

  private negate(e: Expression & { kind: 'negate' | 'length' }): string {
    return this.operand(e.operand, (first, a) => {
      const slow = this.slow(e.line, 'negate', `${a},${quote(describe(e.operand))}`);
      // A NaN goes the slow way, where its sign is known.
      return `(typeof ${first}==='number'&&${a}===${a}?-${a}:${slow})`;
    });
  }

  private lengthOf(e: Expression & { kind: 'negate' | 'length' }): string {
    return this.operand(e.operand, (first, a) => {
      const slow = this.slow(e.line, 'lengthOf', `${a},${quote(describe(e.operand))}`);
      return `(${first} instanceof T?${a}.length():typeof ${a}==='string'?${a}.length:${slow})`;
    });
  }

  private compare(e: Expression & { kind: 'compare' }): string {
    return this.operand(e.left, (left, a) =>
      this.operand(e.right, (right, b) => {
        const begin = `${isConstant(e.left) ? '' : `${left},`}${isConstant(e.right) ? '' : `${right},`}`;
        if (e.operator === '==' || e.operator === '~=') {
          const isPrimitive = isLiteral(e.left) || isLiteral(e.right);
          const slow = this.slow(e.line, 'equalObjects', `${a},${b}`);
          const same = isPrimitive
            ? `${a}===${b}`
            : `(${a}===${b}||typeof ${a}==='object'&&typeof ${b}==='object'&&${slow})`;
          return e.operator === '==' ? `(${begin}${same})` : `(${begin}!(${same}))`;
        }
        const checks: string[] = [];
        if (!isNumber(e.left)) checks.push(`typeof ${a}==='number'`);
        if (!isNumber(e.right)) checks.push(`typeof ${b}==='number'`);
        const fast = `${a}${e.operator}${b}`;
        if (checks.length === 0) return `(${begin}${fast})`;
        const isSwapped = e.operator === '>' || e.operator === '>=';
        const helper = e.operator.length === 2 ? 'lessOrEqual' : 'lessThan';
        const slow = this.slow(e.line, helper, isSwapped ? `${b},${a}` : `${a},${b}`);
        return `(${begin}${checks.join('&&')}?${fast}:${slow})`;
      }),
    );
  }

  private concat(e: Expression & { kind: 'concat' }): string {
    const names = e.operands.map((operand) => quote(describe(operand))).join(',');
    const site = this.parts.site(e.line);
    if (e.operands.length === 2) {
      return this.operand(e.operands[0]!, (left, a) =>
        this.operand(e.operands[1]!, (right, b) => {
          const begin = `${isConstant(e.operands[0]!) ? '' : `${left},`}${isConstant(e.operands[1]!) ? '' : `${right},`}`;
          return this.mayYield(`(${begin}p=${site},${this.helper('concatTwo')}(${a},${b},${names}))`);
        }),
      );
    }
    const list = `[${e.operands.map((operand) => this.value(operand)).join(',')}]`;
    return this.withTemp((t) =>
      this.mayYield(`(${t}=${list},p=${site},${this.helper('concat')}(${t},[${names}]))`),
    );
  }

  private global(name: string, line: number): string {
    const builtin = this.builtin({ kind: 'global', name, line });
    if (builtin !== null) return builtin.text;
    const e = this.environment();
    const slow = this.slow(line, 'index', `${e},${quote(name)},${quote(`global '${name}'`)}`);
    return this.withTemp((t) => `((${t}=${e}.getString(${quote(name)}))!==undefined?${t}:${slow})`);
  }

  protected environment(): string {
    return this.parts.hasEnvironments ? 'e.table' : 'E';
  }

  private builtin(e: Expression): { text: string; isShort: boolean } | null {
    if (this.parts.hasEnvironments) return null;
    const found = this.parts.builtins.find(e);
    if (found === null) return null;
    const isShort = this.parts.hasMetamethods ? found.isShort : found.isShortWithoutMetamethods;
    return { text: this.parts.native(found.value), isShort };
  }

  private index(e: Expression & { kind: 'index' }): string {
    const builtin = this.builtin(e);
    if (builtin !== null) return builtin.text;
    return this.operand(e.object, (first, object) => this.indexOf(e, first, object, describe(e.object)));
  }

  private indexOf(e: { key: Expression; line: number }, first: string, object: string, name: string): string {
    if (e.key.kind === 'string') {
      const key = quote(e.key.value);
      const slow = this.slow(e.line, 'index', `${object},${key},${quote(name)}`);
      return this.withTemp(
        (t) => `(${first} instanceof T&&(${t}=${object}.getString(${key}))!==undefined?${t}:${slow})`,
      );
    }
    return this.operand(e.key, (firstKey, key) => {
      const slow = this.slow(e.line, 'index', `${object},${key},${quote(name)}`);
      const begin = `${first === object ? '' : `${first},`}${firstKey === key ? '' : `${firstKey},`}`;
      const check = isNumber(e.key) ? '' : `typeof ${key}==='number'&&`;
      return this.withTemp(
        (t) =>
          `(${begin}${check}${object} instanceof T&&(${t}=${object}.array[${key}-1])!==undefined?${t}:${slow})`,
      );
    });
  }

  private table(e: Expression & { kind: 'table' }): string {
    if (e.fields.length === 0) return e.list.length === 0 ? 'new T()' : `T.ofList([${this.items(e.list)}])`;
    const names = new Set(e.fields.map(({ key }) => (key.kind === 'string' ? key.value : undefined)));
    if (e.list.length === 0 && names.size === e.fields.length && !names.has(undefined)) {
      const keys = e.fields.map(({ key }) => this.value(key));
      return `T.ofRecord([${keys.join(',')}],[${e.fields.map(({ value }) => this.value(value)).join(',')}])`;
    }
    let layout = '';
    const items: string[] = [];
    let next = 0;
    for (let i = 0; i <= e.list.length; i++) {
      for (; next < e.fields.length && e.fields[next]!.after === i; next++) {
        layout += 'f';
        items.push(this.value(e.fields[next]!.key), this.value(e.fields[next]!.value));
      }
      if (i < e.list.length) {
        layout += 'i';
        const isLast = i === e.list.length - 1 && next === e.fields.length;
        items.push(isLast ? this.items([e.list[i]!]) : this.value(e.list[i]!));
      }
    }
    const site = this.parts.site(e.line);
    return this.withTemp((t) => `(${t}=[${items.join(',')}],p=${site},build("${layout}",${t}))`);
  }

  // Calls.

  /** A call whose values nobody wants: a statement. */
  protected callStatement(call: Call): string {
    const code = this.call(call, false);
    return code.isShort
      ? `typeof (t=${code.text})==='object'&&settle(t);`
      : `if(typeof (t=${code.text})==='object'&&t instanceof G)${this.run('t')};`;
  }

  private callForValue(call: Call): string {
    const code = this.call(call, false);
    const result = `typeof (t=${code.text})!=='object'||t instanceof T?t:`;
    if (code.isShort) return `(${result}first(settle(t)))`;
    return `(${result}first(t instanceof G?${this.run('t')}:t))`;
  }

  /** A result that is not a call under way any more. */
  protected finished(code: string): string {
    return `(typeof (t=${code})==='object'&&t instanceof G?${this.run('t')}:t)`;
  }

  // Runs the generator in `t` to its end, on the stack as long as there is room, otherwise as a segment of its own.
  private run(t: string): string {
    this.canYield = true;
    return `((${t}=D.calls>D.segmentEnd?yield new Segment(${t}):yield* ${t}) instanceof G?yield* tail(${t}):${t})`;
  }

  /** A call as it is: its code is a Result, which for a short one is never a generator. */
  protected call(call: Call, isTail: boolean): { text: string; isShort: boolean } {
    return call.kind === 'call' ? this.plainCall(call, isTail) : this.methodCall(call, isTail);
  }

  private plainCall(call: Call & { kind: 'call' }, isTail: boolean): { text: string; isShort: boolean } {
    const [kind, name] = nameOf(call.callee);
    const site = this.parts.site(call.line, name, kind, isTail);
    const builtin = this.builtin(call.callee);
    if (builtin !== null) {
      const callee = isTail && !builtin.isShort ? `(c=${builtin.text})` : builtin.text;
      return { text: this.called(callee, [], call.args, site), isShort: builtin.isShort };
    }
    const known = knownFunction(call.callee);
    if (known !== null) {
      const isShort = known.plainCost !== null;
      if (isShort) this.cost += known.plainCost!;
      const callee = this.value(call.callee);
      return {
        text: this.called(isTail && !isShort ? `(c=${callee})` : callee, [], call.args, site),
        isShort,
      };
    }
    const description = quote(describe(call.callee));
    const text = this.operand(call.callee, (first, f) => {
      const begin = `${first === f ? '' : `${first},`}${isTail ? `c=${f},` : ''}`;
      const callee = `(typeof ${f}==='function'?${f}:callable(${f},${description}))`;
      return `(${begin}${this.called(callee, [], call.args, site)})`;
    });
    return { text, isShort: false };
  }

  private methodCall(
    call: Call & { kind: 'methodCall' },
    isTail: boolean,
  ): { text: string; isShort: boolean } {
    const site = this.parts.site(call.line, call.name, 'method', isTail);
    const text = this.operand(call.object, (first, object) => {
      const key: Expression = { kind: 'string', value: call.name };
      const method = this.indexOf({ key, line: call.opLine }, first, object, describe(call.object));
      return this.withTemp((f) => {
        const callee = `(typeof ${f}==='function'?${f}:callable(${f},${quote(`method '${call.name}'`)}))`;
        return `(${f}=${method},${isTail ? `c=${f},` : ''}${this.called(callee, [object], call.args, site)})`;
      });
    });
    return { text, isShort: false };
  }

  // The site is set before the arguments where they leave it alone, otherwise after the last of them.
  private called(callee: string, before: string[], args: readonly Expression[], site: number): string {
    const environment = this.parts.hasEnvironments ? ',V.current=e' : '';
    const set = `p=${site}${environment}`;
    if (args.every(isConstant)) {
      return `(${set},${callee}(${[...before, ...args.map((arg) => this.value(arg))].join(',')}))`;
    }
    const last = args[args.length - 1]!;
    const items = args.slice(0, -1).map((arg) => this.value(arg));
    const final = isOpen(last) ? this.open(last) : this.value(last);
    return this.withTemp((t) => {
      const end = `${isOpen(last) ? '...' : ''}(${t}=${final},${set},${t})`;
      return `${callee}(${[...before, ...items, end].join(',')})`;
    });
  }

  // Helpers.

  /** A call of the runtime that takes over what is not usual. */
  protected slow(line: number, helper: string, args: string): string {
    return this.mayYield(`(p=${this.parts.site(line)},${this.helper(helper)}(${args}))`);
  }

  /** The helper's form that may answer with a generator where metamethods are to be expected, otherwise the one that runs it to its end. */
  protected helper(name: string): string {
    return this.parts.hasMetamethods ? `${name}Running` : name;
  }

  protected mayYield(code: string): string {
    if (!this.parts.hasMetamethods) return code;
    this.canYield = true;
    return `(typeof (t=${code})==='object'&&t instanceof G?yield* t:t)`;
  }

  /** A variable for a value that is needed again within the same expression. */
  protected withTemp(use: (temp: string) => string): string {
    const temp = `t${++this.depth}`;
    if (this.depth > this.maxTemps) this.maxTemps = this.depth;
    const code = use(temp);
    this.depth--;
    return code;
  }
}

/** Whether an expression may have any number of values. */
export function isOpen(e: Expression): boolean {
  return e.kind === 'call' || e.kind === 'methodCall' || e.kind === 'varargs';
}

export function isNumber(e: Expression): boolean {
  if (e.kind === 'parenthesis') return isNumber(e.inner);
  return e.kind === 'number' || (e.kind === 'local' && e.local.isNumber && !isBoxed(e.local));
}

function isLiteral(e: Expression): boolean {
  return (
    e.kind === 'nil' || e.kind === 'true' || e.kind === 'false' || e.kind === 'number' || e.kind === 'string'
  );
}

function isTrue(code: string): string {
  return `(${code}!==undefined&&${code}!==false)`;
}

function fastArithmetic(operator: string, a: string, b: string): string {
  if (operator === '%') return `mod(${a},${b})`;
  return operator === '^' ? `pow(${a},${b})` : `${a}${operator}${b}`;
}
