// Functions and statements to JavaScript. A function's code stands at the top of the chunk's and gets what it captures as
// parameters, in front of its own; a closure is an arrow function that hands them on. So a generator function is made
// once per chunk (V8 takes 1 µs for each), and a local stays a plain variable unless it is captured and assigned again.

import { type ChunkParts, describe, isBoxed, isConstant, quote } from './emitter.ts';
import { ExpressionEmitter, isNumber, isOpen } from './expression-emitter.ts';
import type { Block, Call, Expression, FunctionTree, Local, Statement } from './syntax-tree.ts';

/** A function that may take more steps than these (calls of functions without loops) has to be able to pause. */
const MAX_PLAIN_COST = 1000;
const PAUSE = 'if(--P.left<0&&P.tick())yield;';

/** Emits the code of a function and of those inside of it. The function that makes it is then called `m` and its id. */
export function emitFunction(parts: ChunkParts, tree: FunctionTree): void {
  new FunctionEmitter(parts, tree).emit();
}

class FunctionEmitter extends ExpressionEmitter {
  private lastName = 0;
  /** Code for the locals that the debugger is to see, as pairs. */
  private readonly visible: string[] = [];

  emit(): void {
    const { parts, tree } = this;
    const hasEnvironments = parts.hasEnvironments;
    let body = this.prologue() + this.block(tree.body) + this.lastLine();
    const isPlain = !this.canYield && this.cost <= MAX_PLAIN_COST && !parts.isDebug;
    if (isPlain) tree.plainCost = this.cost;
    const temps = Array.from({ length: this.maxTemps }, (_, i) => `,t${i + 1}`).join('');
    const catcher = 'catch(x){throw where(x,p,S);}';
    if (isPlain) {
      body = `let p=0,t${temps};try{${body}}${catcher}`;
    } else {
      const caller = hasEnvironments ? 'e.caller=V.current;' : '';
      const debug = parts.isDebug ? `DB.leave(z);` : '';
      const begin = parts.isDebug
        ? `const z=DB.enter(S,${quote(tree.name === '' ? 'top level' : tree.name)},${tree.line});`
        : '';
      body =
        `let p=0,t,c${temps};if(D.calls>=MAX)D.overflow();++D.calls;${begin}${caller}` +
        `try{${PAUSE}${body}}${catcher}finally{--D.calls;${debug}}`;
    }
    const own = tree.parameters.map(nameOf);
    const captured = tree.upvalues.map(nameOf);
    const rest = tree.isVararg ? ['va'] : [];
    const environment = hasEnvironments ? ['e'] : [];
    const parameters = [...environment, ...captured, ...own, ...rest].join(',');
    parts.functions.push(`function${isPlain ? '' : '*'} f${tree.id}(${parameters}){${body}}`);
    parts.functions.push(this.maker(own, captured, rest));
  }

  private maker(own: string[], captured: string[], rest: string[]): string {
    const { id } = this.tree;
    const arrow = [...own, ...rest.map((name) => `...${name}`)].join(',');
    const self = this.selfName();
    const given = captured.filter((name) => name !== self);
    if (this.parts.hasEnvironments) {
      const call = ['e', ...captured, ...own, ...rest].join(',');
      return (
        `const m${id}=(${['outer', ...given].join(',')})=>{const e=V.inner(outer);` +
        `const ${self ?? 'f'}=(${arrow})=>f${id}(${call});V.set(${self ?? 'f'},e);return ${self ?? 'f'};};`
      );
    }
    const call = [...captured, ...own, ...rest].join(',');
    if (self === null) return `const m${id}=(${given.join(',')})=>(${arrow})=>f${id}(${call});`;
    return `const m${id}=(${given.join(',')})=>{const ${self}=(${arrow})=>f${id}(${call});return ${self};};`;
  }

  // The local function that this is, where it captures itself: it can only be had once it is made.
  private selfName(): string | null {
    const self = this.tree.upvalues.find((local) => local.function === this.tree && !local.isReassigned);
    return self === undefined ? null : nameOf(self);
  }

  protected closure(tree: FunctionTree): string {
    const emitter = new FunctionEmitter(this.parts, tree);
    emitter.emit();
    const self = emitter.selfName();
    const given = tree.upvalues.map(nameOf).filter((name) => name !== self);
    return `m${tree.id}(${[...(this.parts.hasEnvironments ? ['e'] : []), ...given].join(',')})`;
  }

  private prologue(): string {
    const { tree } = this;
    let code = '';
    for (const local of tree.parameters) {
      if (isBoxed(local)) code += `${nameOf(local)}=[${nameOf(local)}];`;
      this.show(local);
    }
    const { argTable } = tree;
    if (argTable?.isUsed) {
      code += `let ${this.initial(argTable, tree.usesVarargs ? 'undefined' : 'argTable(va)')};`;
    }
    return code;
  }

  private initial(local: Local, code: string): string {
    return `${nameOf(local)}=${isBoxed(local) ? `[${code}]` : code}`;
  }

  private block(body: Block): string {
    const outer = this.visible.length;
    let code = '';
    for (const statement of body) {
      code += this.newLine(firstLine(statement)) + this.statement(statement);
      for (const local of declared(statement)) this.show(local);
    }
    this.visible.length = outer;
    return code;
  }

  // For the debugger.

  private show(local: Local): void {
    this.visible.push(`[${quote(local.name)},${this.local(local)}]`);
  }

  private showLoop(names: readonly string[], codes: readonly string[]): void {
    names.forEach((name, i) => {
      this.visible.push(`["(for ${name})",${codes[i]}]`);
    });
  }

  private newLine(line: number): string {
    if (!this.parts.isDebug) return '';
    this.canYield = true;
    return `if(DB.line(z,${line},()=>[${this.visible.join(',')}]))yield;`;
  }

  // The same as a part of a condition.
  private newLineOf(line: number): string {
    if (!this.parts.isDebug) return '';
    return `(DB.line(z,${line},()=>[${this.visible.join(',')}])?yield:0),`;
  }

  // The end of a loop's body: the next line is new, whichever it is.
  private back(line: number | null): string {
    if (!this.parts.isDebug) return '';
    return `${line === null ? '' : this.newLine(line)}DB.back(z);`;
  }

  private lastLine(): string {
    const last = this.tree.body.at(-1);
    return last?.kind === 'return' ? '' : this.newLine(this.tree.endLine);
  }

  private statement(s: Statement): string {
    switch (s.kind) {
      case 'local':
        return this.localStatement(s.locals, s.values);
      case 'localFunction':
        return isBoxed(s.local)
          ? `let ${nameOf(s.local)}=[undefined];${nameOf(s.local)}[0]=${this.closure(s.function)};`
          : `let ${nameOf(s.local)}=${this.closure(s.function)};`;
      case 'assign':
        return s.targets.length === 1 && s.values.length === 1
          ? this.assignOne(s.targets[0]!, s.values[0]!, s.opLine)
          : this.assignSeveral(s.targets, s.values, s.opLine);
      case 'call':
        return this.callStatement(s.call);
      case 'do':
        return `{${this.block(s.body)}}`;
      case 'while':
        // What is killed in a loop is killed on its line.
        return `p=${this.parts.site(s.line)};while(${this.newLineOf(s.line)}${this.condition(s.condition)}){${this.pause()}${this.block(s.body)}${this.back(null)}}`;
      case 'repeat':
        return `p=${this.parts.site(s.line)};for(;;){${this.pause()}${this.block(s.body)}if(${this.condition(s.condition)})break;${this.back(null)}}`;
      case 'if':
        return this.ifStatement(s);
      case 'numericFor':
        return this.numericFor(s);
      case 'genericFor':
        return this.genericFor(s);
      case 'return':
        return this.returnStatement(s.values);
      case 'break':
        return 'break;';
    }
  }

  private pause(): string {
    this.canYield = true;
    return PAUSE;
  }

  private localStatement(locals: Local[], values: Expression[]): string {
    if (locals.length === 1 && values.length === 1) {
      return `let ${this.initial(locals[0]!, this.value(values[0]!))};`;
    }
    if (values.length === 0)
      return `let ${locals.map((local) => this.initial(local, 'undefined')).join(',')};`;
    const names = this.evaluated(values, locals.length);
    return `${names.code}let ${locals.map((local, i) => this.initial(local, names.values[i]!)).join(',')};`;
  }

  // Evaluates a list to exactly `count` values: code that does it, and code that reads each of them.
  private evaluated(list: readonly Expression[], count: number): { code: string; values: string[] } {
    let code = '';
    const values: string[] = [];
    list.forEach((e, i) => {
      if (i === list.length - 1 && isOpen(e) && i < count - 1) {
        const name = this.name();
        code += `const ${name}=${this.values([e])};`;
        for (let k = i; k < count; k++) values.push(`${name}[${k - i}]`);
      } else if (isLiteralOrFunction(e)) {
        values.push(this.value(e));
      } else {
        const name = this.name();
        code += `const ${name}=${this.value(e)};`;
        values.push(name);
      }
    });
    while (values.length < count) values.push('undefined');
    return { code, values };
  }

  private assignOne(target: Expression, value: Expression, line: number): string {
    if (target.kind === 'local') return `${this.local(target.local)}=${this.value(value)};`;
    const { code, place } = this.place(target);
    const result = this.name();
    return `{${code}const ${result}=${this.value(value)};${this.store(place, result, line)}}`;
  }

  private assignSeveral(targets: readonly Expression[], list: readonly Expression[], line: number): string {
    let code = '';
    const places = targets.map((target) => {
      const place = this.place(target);
      code += place.code;
      return place.place;
    });
    const evaluated = this.evaluated(list, targets.length);
    code += evaluated.code;
    for (let i = targets.length - 1; i >= 0; i--) code += this.store(places[i]!, evaluated.values[i]!, line);
    return `{${code}}`;
  }

  // Evaluates what says where to: a local, or a table and a key.
  private place(target: Expression): { code: string; place: Place } {
    if (target.kind === 'local') return { code: '', place: { local: target.local } };
    if (target.kind === 'global') {
      return {
        code: '',
        place: { object: this.environment(), key: quote(target.name), isName: true, name: '' },
      };
    }
    if (target.kind !== 'index') throw new Error(`no place: ${target.kind}`);
    const object = this.kept(target.object);
    const isName = target.key.kind === 'string';
    const key = isName ? { code: '', name: this.value(target.key) } : this.kept(target.key);
    return {
      code: object.code + key.code,
      place: { object: object.name, key: key.name, isName, name: describe(target.object) },
    };
  }

  private kept(e: Expression): { code: string; name: string } {
    if (isConstant(e) && (e.kind !== 'local' || !e.local.isReassigned))
      return { code: '', name: this.value(e) };
    const name = this.name();
    return { code: `const ${name}=${this.value(e)};`, name };
  }

  private store(place: Place, value: string, line: number): string {
    if ('local' in place) return `${this.local(place.local)}=${value};`;
    const { object, key } = place;
    const site = this.parts.site(line);
    const args = `${object},${key},${value},${quote(place.name)}`;
    const slow = this.parts.hasMetamethods
      ? `if((t=setIndexRunning(${args}))!==undefined)yield* t;`
      : `setIndex(${args});`;
    if (this.parts.hasMetamethods) this.canYield = true;
    const set = place.isName ? 'setString' : 'set';
    return (
      `p=${site};if(${object} instanceof T&&${object}.metatable===null&&!${object}.isReadOnly)` +
      `${object}.${set}(${key},${value});else{${slow}}`
    );
  }

  private ifStatement(s: Statement & { kind: 'if' }): string {
    let code = '';
    let close = '';
    s.clauses.forEach(({ condition, line, body }, i) => {
      // In debug mode a later condition is a line of its own.
      const step = i > 0 ? this.newLine(line) : '';
      if (i > 0) code += step === '' ? 'else ' : `else{${step}`;
      if (step !== '') close += '}';
      code += `if(${this.condition(condition)}){${this.block(body)}}`;
    });
    if (s.otherwise !== null) code += `else{${this.block(s.otherwise)}}`;
    return code + close;
  }

  private numericFor(s: Statement & { kind: 'numericFor' }): string {
    const { id } = s.local;
    const isCounter = !isBoxed(s.local) && !s.local.isReassigned;
    const counter = isCounter ? nameOf(s.local) : `i${id}`;
    const step = s.step === null ? { kind: 'number' as const, value: 1 } : s.step;
    const fixedStep = step.kind === 'number' ? step.value : null;
    let code = `p=${this.parts.site(s.opLine)};`;
    const begin = `let ${counter}=${this.value(s.from)};const l=${this.value(s.to)}`;
    const limit = `l${id}`;
    const names = begin.replace('const l=', `let ${limit}=`);
    code = `{${names},s${id}=${this.value(step)};${code}`;
    if (!isNumber(s.from)) code += `${counter}=forNumber(${counter},"initial value");`;
    if (!isNumber(s.to)) code += `${limit}=forNumber(${limit},"limit");`;
    if (!isNumber(step)) code += `s${id}=forNumber(s${id},"step");`;
    let goesOn = `s${id}>0?${counter}<=${limit}:${counter}>=${limit}`;
    if (fixedStep !== null) goesOn = fixedStep > 0 ? `${counter}<=${limit}` : `${counter}>=${limit}`;
    code += `for(;${goesOn};${counter}+=s${id}){${this.pause()}`;
    if (!isCounter) code += `let ${this.initial(s.local, counter)};`;
    const outer = this.visible.length;
    this.showLoop(['index', 'limit', 'step'], [counter, limit, `s${id}`]);
    this.show(s.local);
    code += this.block(s.body);
    this.visible.length = outer;
    return `${code}${this.back(s.line)}}}`;
  }

  private genericFor(s: Statement & { kind: 'genericFor' }): string {
    const { id } = s.locals[0]!;
    const names = this.evaluated(s.values, 3);
    const site = this.parts.site(s.line, '(for generator)', 'local');
    const raw = s.locals.map(nameOf);
    const first = raw[0]!;
    const second = raw[1];
    const others = raw.slice(1);
    this.canYield = true;
    const boxes = s.locals
      .filter(isBoxed)
      .map((local) => `${nameOf(local)}=[${nameOf(local)}];`)
      .join('');
    const outer = this.visible.length;
    this.showLoop(['generator', 'state', 'control'], [`i${id}`, `s${id}`, `c${id}`]);
    for (const local of s.locals) this.show(local);
    const body = this.block(s.body);
    this.visible.length = outer;
    return (
      `{${names.code}const i${id}=${names.values[0]},s${id}=${names.values[1]};let c${id}=${names.values[2]};` +
      `for(;;){${this.pause()}let ${raw.join(',')};p=${site};` +
      `if(i${id}===NEXT&&s${id} instanceof T){${first}=s${id}.next(c${id});if(${first}===undefined)break;` +
      `${second === undefined ? '' : `${second}=s${id}.get(${first});`}}` +
      `else if(i${id}===INEXT&&s${id} instanceof T){t=s${id}.getInteger(c${id}+1);if(t===undefined)break;` +
      `${first}=c${id}+1;${second === undefined ? '' : `${second}=t;`}}` +
      `else{t=(typeof i${id}==='function'?i${id}:callable(i${id},""))(s${id},c${id});` +
      `if(typeof t==='object'&&t instanceof G)t=yield* callback(t,1);t=all(t);${first}=t[0];` +
      `if(${first}===undefined)break;${others.map((name, i) => `${name}=t[${i + 1}];`).join('')}}` +
      `c${id}=${first};${boxes}${body}${this.back(s.line)}}}`
    );
  }

  private returnStatement(list: readonly Expression[]): string {
    if (list.length === 0) return 'return;';
    if (list.length > 1) return `return resultOf(${this.values(list)});`;
    const e = list[0]!;
    if (e.kind === 'varargs') return 'return resultOf(va);';
    if (e.kind === 'call' || e.kind === 'methodCall') return this.tailCall(e);
    const code = this.value(e);
    return e.kind === 'string' || e.kind === 'number' || e.kind === 'table' || e.kind === 'function'
      ? `return ${code};`
      : `return (t=${code})===undefined?NIL:t;`;
  }

  // A function of Lua that is a generator is handed to the caller to run, so that this one is out of the way. A native's
  // generator is run here: its errors have this line.
  private tailCall(call: Call): string {
    const code = this.call(call, true);
    if (code.isShort) return `return settle(${code.text});`;
    this.canYield = true;
    return `t=${code.text};return typeof t==='object'&&t instanceof G&&N.has(c)?${this.finished('t')}:t;`;
  }

  private name(): string {
    return `x${++this.lastName}`;
  }
}

type Place = { local: Local } | { object: string; key: string; isName: boolean; name: string };

function nameOf(local: Local): string {
  return `v${local.id}`;
}

// Lua makes a function where its text ends.
function firstLine(statement: Statement): number {
  if (statement.kind === 'localFunction') return statement.function.endLine;
  const value = statement.kind === 'local' || statement.kind === 'assign' ? statement.values[0] : undefined;
  return value?.kind === 'function' ? value.function.endLine : statement.line;
}

function declared(statement: Statement): Local[] {
  if (statement.kind === 'local') return statement.locals;
  return statement.kind === 'localFunction' ? [statement.local] : [];
}

function isLiteralOrFunction(e: Expression): boolean {
  return (
    e.kind === 'function' ||
    e.kind === 'string' ||
    e.kind === 'number' ||
    e.kind === 'true' ||
    e.kind === 'false' ||
    e.kind === 'nil'
  );
}
