// What the two halves of the code generator share: the parts that a chunk's code consists of, names, constants, and the
// one way in which text of a script gets into code.

import type { Builtins } from './builtins.ts';
import type { Expression, FunctionTree, Local } from './syntax-tree.ts';
import type { LuaFunction } from './value.ts';

/** A place that an error may come from: the line, and what is called there if something is. */
export interface Site {
  readonly line: number;
  readonly name: string;
  readonly kind: string;
  /** `return f()`: once f runs, the function is not there any more. */
  readonly isTail: boolean;
}

/** A chunk's code as it comes to be. */
export class ChunkParts {
  readonly functions: string[] = [];
  readonly sites: Site[] = [{ line: 0, name: '', kind: '', isTail: false }];
  readonly natives: LuaFunction[] = [];
  readonly builtins: Builtins;
  /** Metamethods may come up: every operation must be able to pause. */
  readonly hasMetamethods: boolean;
  /** The chunk speaks of setfenv or getfenv: each function has an environment of its own. */
  readonly hasEnvironments: boolean;
  readonly isDebug: boolean;
  private lastSite = '';

  constructor(
    builtins: Builtins,
    options: { hasMetamethods: boolean; hasEnvironments: boolean; isDebug: boolean },
  ) {
    this.builtins = builtins;
    this.hasMetamethods = options.hasMetamethods;
    this.hasEnvironments = options.hasEnvironments;
    this.isDebug = options.isDebug;
  }

  site(line: number, name = '', kind = '', isTail = false): number {
    const mark = `${line} ${isTail} ${kind} ${name}`;
    if (mark !== this.lastSite) this.sites.push({ line, name, kind, isTail });
    this.lastSite = mark;
    return this.sites.length - 1;
  }

  native(fn: LuaFunction): string {
    let at = this.natives.indexOf(fn);
    if (at < 0) at = this.natives.push(fn) - 1;
    return `n${at}`;
  }
}

/** A string as a literal of JavaScript. The only way for text of a script into code: nothing but plain ASCII gets through. */
export function quote(text: string): string {
  return `"${text.replace(/[^ !#-[\]^_a-~]/g, (char) => {
    const code = char.charCodeAt(0);
    return code < 256
      ? `\\x${code.toString(16).padStart(2, '0')}`
      : `\\u${code.toString(16).padStart(4, '0')}`;
  })}"`;
}

export function numberLiteral(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? '(1/0)' : '(-1/0)';
  return Object.is(value, -0) ? '(-0)' : `(${value})`;
}

/** Captured and assigned again: its value is in a box that the functions share. */
export function isBoxed(local: Local): boolean {
  return local.isCaptured && local.isReassigned;
}

/** How error messages call the value of an expression: "local 'x'", or '' for what has no name. */
export function describe(expression: Expression): string {
  const [kind, name] = nameOf(expression);
  return kind === '' ? '' : `${kind} '${name}'`;
}

/** Kind and name of an expression in error messages. */
export function nameOf(expression: Expression): [kind: string, name: string] {
  switch (expression.kind) {
    case 'local':
      return [expression.isUpvalue ? 'upvalue' : 'local', expression.local.name];
    case 'global':
      return ['global', expression.name];
    case 'index':
      return ['field', expression.key.kind === 'string' ? expression.key.value : '?'];
    case 'parenthesis':
      return nameOf(expression.inner);
    case 'and':
    case 'or':
      // Where the left side is a constant that decides nothing, Lua compiles the right one only.
      return isAlways(expression.left, expression.kind === 'and') ? nameOf(expression.right) : ['', ''];
    default:
      return ['', ''];
  }
}

function isAlways(expression: Expression, truth: boolean): boolean {
  switch (expression.kind) {
    case 'nil':
    case 'false':
      return !truth;
    case 'true':
    case 'number':
    case 'string':
      return truth;
    case 'parenthesis':
      return isAlways(expression.inner, truth);
    default:
      return false;
  }
}

/** Whether an expression has one value that nothing evaluated after it can change, at no cost. */
export function isConstant(expression: Expression): boolean {
  switch (expression.kind) {
    case 'nil':
    case 'true':
    case 'false':
    case 'number':
    case 'string':
      return true;
    case 'local':
      return !isBoxed(expression.local);
    case 'parenthesis':
      return isConstant(expression.inner);
    default:
      return false;
  }
}

/** The function that a callee always is, where it is known. */
export function knownFunction(expression: Expression): FunctionTree | null {
  if (expression.kind !== 'local') return null;
  return expression.local.isReassigned ? null : expression.local.function;
}
