// Tokens to a tree: the statements and expressions of Lua 5.1. Lines that operations carry are those that Lua's own
// compiler gives them, for they are seen in error messages: mostly the line of the last token that belongs to them.

import { END_OF_FILE, Lexer, NAME, NUMBER, STRING } from './lexer.ts';
import { Scopes } from './scope.ts';
import type { Block, Expression, FunctionTree, Local, Statement } from './syntax-tree.ts';

const MAX_LEVELS = 200;
/** Longer chains of operators would nest the code that comes out too deeply. */
const MAX_CHAIN = 1000;
const UNARY_PRIORITY = 8;

/** Left and right priority. */
const BINARY: Readonly<Record<string, readonly [number, number]>> = {
  '+': [6, 6],
  '-': [6, 6],
  '*': [7, 7],
  '/': [7, 7],
  '%': [7, 7],
  '^': [10, 9],
  '..': [5, 4],
  '~=': [3, 3],
  '==': [3, 3],
  '<': [3, 3],
  '<=': [3, 3],
  '>': [3, 3],
  '>=': [3, 3],
  and: [2, 2],
  or: [1, 1],
};

/** The main function of a chunk. Throws a LuaError for what is not Lua 5.1. */
export function parseChunk(source: string, chunkName: string): FunctionTree {
  return new Parser(source, chunkName).chunk();
}

class Parser {
  private readonly lexer: Lexer;
  private readonly scopes: Scopes;
  private level = 0;
  private chainLength = 0;

  constructor(source: string, chunkName: string) {
    this.lexer = new Lexer(source, chunkName);
    this.scopes = new Scopes(this.lexer);
  }

  chunk(): FunctionTree {
    const { tree } = this.scopes.function;
    tree.isVararg = true;
    this.lexer.advance();
    tree.body = this.statements();
    tree.endLine = this.lexer.lastLine;
    this.expect(END_OF_FILE);
    return tree;
  }

  // Statements.

  private block(): Block {
    const { active } = this.scopes.function;
    const outer = active.length;
    const body = this.statements();
    active.length = outer;
    return body;
  }

  private loopBody(): Block {
    const scope = this.scopes.function;
    scope.loops++;
    const body = this.block();
    scope.loops--;
    return body;
  }

  private statements(): Block {
    const body: Block = [];
    this.enter();
    for (let isLast = false; !isLast && !this.isBlockEnd(); ) {
      const statement = this.statement();
      body.push(statement);
      isLast = statement.kind === 'return' || statement.kind === 'break';
      this.accept(';');
    }
    this.level--;
    return body;
  }

  private isBlockEnd(): boolean {
    const { kind } = this.lexer;
    return kind === 'else' || kind === 'elseif' || kind === 'end' || kind === 'until' || kind === END_OF_FILE;
  }

  private statement(): Statement {
    const { line } = this.lexer;
    switch (this.lexer.kind) {
      case 'if':
        return this.ifStatement(line);
      case 'while': {
        this.lexer.advance();
        const condition = this.expression();
        this.expect('do');
        const body = this.loopBody();
        this.close('end', 'while', line);
        return { kind: 'while', line, condition, body };
      }
      case 'do': {
        this.lexer.advance();
        const body = this.block();
        this.close('end', 'do', line);
        return { kind: 'do', line, body };
      }
      case 'for':
        return this.forStatement(line);
      case 'repeat':
        return this.repeatStatement(line);
      case 'function':
        return this.functionStatement(line);
      case 'local':
        this.lexer.advance();
        return this.accept('function') ? this.localFunction(line) : this.localStatement(line);
      case 'return':
        return this.returnStatement(line);
      case 'break':
        this.lexer.advance();
        if (this.scopes.function.loops === 0) this.lexer.fail('no loop to break');
        return { kind: 'break', line };
      default:
        return this.expressionStatement(line);
    }
  }

  private ifStatement(line: number): Statement {
    const clauses: { condition: Expression; line: number; body: Block }[] = [];
    let otherwise: Block | null = null;
    do {
      const clauseLine = this.lexer.line;
      this.lexer.advance();
      const condition = this.expression();
      this.expect('then');
      clauses.push({ condition, line: clauseLine, body: this.block() });
    } while (this.lexer.kind === 'elseif');
    if (this.accept('else')) otherwise = this.block();
    this.close('end', 'if', line);
    return { kind: 'if', line, clauses, otherwise };
  }

  private forStatement(line: number): Statement {
    this.lexer.advance();
    const names = [this.name()];
    if (this.lexer.kind === '=') return this.numericFor(line, names[0]!);
    if (this.lexer.kind !== ',' && this.lexer.kind !== 'in') this.lexer.fail("'=' or 'in' expected");
    while (this.accept(',')) names.push(this.name());
    this.expect('in');
    const values = this.expressionList();
    return this.withLocals(names, 3, (locals) => {
      this.expect('do');
      const body = this.loopBody();
      this.close('end', 'for', line);
      return { kind: 'genericFor', line, locals, values, body };
    });
  }

  private numericFor(line: number, name: string): Statement {
    this.lexer.advance();
    const from = this.expression();
    this.expect(',');
    const to = this.expression();
    const step = this.accept(',') ? this.expression() : null;
    return this.withLocals([name], 3, ([local]) => {
      this.expect('do');
      const opLine = this.lexer.lastLine;
      local!.isNumber = true;
      const body = this.loopBody();
      this.close('end', 'for', line);
      return { kind: 'numericFor', line, opLine, local: local!, from, to, step, body };
    });
  }

  // Loops keep `hidden` locals of their own, which count among those that a function may have.
  private withLocals(names: string[], hidden: number, parse: (locals: Local[]) => Statement): Statement {
    const { active } = this.scopes.function;
    const outer = active.length;
    for (let i = 0; i < hidden; i++) this.scopes.activate(this.scopes.newLocal('(for)'));
    const locals = names.map((name) => this.scopes.newLocal(name));
    for (const local of locals) this.scopes.activate(local);
    const statement = parse(locals);
    active.length = outer;
    return statement;
  }

  private repeatStatement(line: number): Statement {
    const scope = this.scopes.function;
    const outer = scope.active.length;
    this.lexer.advance();
    scope.loops++;
    const body = this.statements();
    this.close('until', 'repeat', line);
    const condition = this.expression();
    scope.loops--;
    scope.active.length = outer;
    return { kind: 'repeat', line, condition, body };
  }

  private functionStatement(line: number): Statement {
    this.lexer.advance();
    let name = this.lexer.text;
    let target = this.variable();
    let isMethod = false;
    while (!isMethod && (this.lexer.kind === '.' || this.lexer.kind === ':')) {
      isMethod = this.lexer.kind === ':';
      const object = target;
      this.lexer.advance();
      name = this.name();
      target = { kind: 'index', line: this.lexer.lastLine, object, key: { kind: 'string', value: name } };
    }
    const tree = this.functionBody(isMethod, line, name);
    noteAssignment(target);
    return {
      kind: 'assign',
      line,
      targets: [target],
      values: [{ kind: 'function', function: tree }],
      opLine: line,
    };
  }

  private localFunction(line: number): Statement {
    const name = this.name();
    const local = this.scopes.newLocal(name);
    this.scopes.activate(local);
    const tree = this.functionBody(false, this.lexer.line, name);
    local.function = tree;
    return { kind: 'localFunction', line, local, function: tree };
  }

  private localStatement(line: number): Statement {
    const locals: Local[] = [];
    do locals.push(this.scopes.newLocal(this.name()));
    while (this.accept(','));
    const values = this.accept('=') ? this.expressionList() : [];
    for (let i = 0; i < locals.length; i++) {
      const value = values[i];
      if (value?.kind === 'function') {
        locals[i]!.function = value.function;
        value.function.name = locals[i]!.name;
      }
      this.scopes.activate(locals[i]!);
    }
    return { kind: 'local', line, locals, values };
  }

  private returnStatement(line: number): Statement {
    this.lexer.advance();
    const isBare = this.isBlockEnd() || this.lexer.kind === ';';
    return { kind: 'return', line, values: isBare ? [] : this.expressionList() };
  }

  private expressionStatement(line: number): Statement {
    const first = this.primary();
    if (first.kind === 'call' || first.kind === 'methodCall') return { kind: 'call', line, call: first };
    const targets: Expression[] = [first];
    for (;;) {
      const last = targets[targets.length - 1]!;
      if (last.kind !== 'local' && last.kind !== 'global' && last.kind !== 'index')
        this.lexer.fail('syntax error');
      if (!this.accept(',')) break;
      if (targets.length >= MAX_LEVELS - this.level)
        this.tooMany(MAX_LEVELS - this.level, 'variables in assignment');
      targets.push(this.primary());
    }
    this.expect('=');
    const values = this.expressionList();
    for (const target of targets) noteAssignment(target);
    return { kind: 'assign', line, targets, values, opLine: this.lexer.lastLine };
  }

  // Expressions.

  private expressionList(): Expression[] {
    const list = [this.expression()];
    while (this.accept(',')) list.push(this.expression());
    return list;
  }

  private expression(limit = 0): Expression {
    this.enter();
    const outerChain = this.chainLength;
    this.chainLength = 0;
    let left = this.unary();
    for (;;) {
      const operator = this.lexer.kind;
      const priority = BINARY[operator];
      if (priority === undefined || priority[0] <= limit) break;
      if (++this.chainLength > MAX_CHAIN) this.lexer.failPlainly('function or expression too complex');
      this.lexer.advance();
      const right = this.expression(priority[1]);
      left = this.binary(operator, left, right);
    }
    this.chainLength = outerChain;
    this.level--;
    return left;
  }

  private unary(): Expression {
    const operator = this.lexer.kind;
    if (operator !== 'not' && operator !== '-' && operator !== '#') return this.simple();
    this.lexer.advance();
    const operand = this.expression(UNARY_PRIORITY);
    if (operator === 'not') return { kind: 'not', operand };
    if (operator === '-' && operand.kind === 'number') return { kind: 'number', value: -operand.value };
    return { kind: operator === '-' ? 'negate' : 'length', operand, line: this.lexer.lastLine };
  }

  private binary(operator: string, left: Expression, right: Expression): Expression {
    const line = this.lexer.lastLine;
    switch (operator) {
      case 'and':
      case 'or':
        return { kind: operator, left, right };
      case '..':
        if (right.kind === 'concat') return { kind: 'concat', operands: [left, ...right.operands], line };
        return { kind: 'concat', operands: [left, right], line };
      case '==':
      case '~=':
      case '<':
      case '<=':
      case '>':
      case '>=':
        return { kind: 'compare', operator, left, right, line };
      default:
        return { kind: 'arithmetic', operator: operator as '+', left, right, line };
    }
  }

  private simple(): Expression {
    const { lexer } = this;
    switch (lexer.kind) {
      case NUMBER: {
        const value = lexer.number;
        lexer.advance();
        return { kind: 'number', value };
      }
      case STRING: {
        const value = lexer.text;
        lexer.advance();
        return { kind: 'string', value };
      }
      case 'nil':
      case 'true':
      case 'false': {
        const kind = lexer.kind as 'nil';
        lexer.advance();
        return { kind };
      }
      case '...': {
        const { tree } = this.scopes.function;
        if (!tree.isVararg) lexer.fail("cannot use '...' outside a vararg function");
        tree.usesVarargs = true;
        lexer.advance();
        return { kind: 'varargs' };
      }
      case '{':
        return this.tableConstructor();
      case 'function': {
        const { line } = lexer;
        lexer.advance();
        return { kind: 'function', function: this.functionBody(false, line, '') };
      }
      default:
        return this.primary();
    }
  }

  private variable(): Expression {
    const name = this.name();
    const found = this.scopes.find(name);
    return found === null ? { kind: 'global', name, line: this.lexer.lastLine } : { kind: 'local', ...found };
  }

  private prefix(): Expression {
    const { lexer } = this;
    if (lexer.kind === NAME) return this.variable();
    if (lexer.kind !== '(') return lexer.fail('unexpected symbol');
    const { line } = lexer;
    lexer.advance();
    const inner = this.expression();
    this.close(')', '(', line);
    return { kind: 'parenthesis', inner };
  }

  private primary(): Expression {
    const { lexer } = this;
    let expression = this.prefix();
    for (let length = 0; ; length++) {
      if (length > MAX_CHAIN) lexer.failPlainly('function or expression too complex');
      switch (lexer.kind) {
        case '.': {
          lexer.advance();
          const key = this.name();
          expression = {
            kind: 'index',
            line: lexer.lastLine,
            object: expression,
            key: { kind: 'string', value: key },
          };
          break;
        }
        case '[': {
          lexer.advance();
          const key = this.expression();
          this.expect(']');
          expression = { kind: 'index', line: lexer.lastLine, object: expression, key };
          break;
        }
        case ':': {
          lexer.advance();
          const name = this.name();
          const opLine = lexer.lastLine;
          expression = { kind: 'methodCall', object: expression, name, opLine, ...this.callArguments() };
          break;
        }
        case '(':
        case '{':
        case STRING:
          expression = { kind: 'call', callee: expression, ...this.callArguments() };
          break;
        default:
          return expression;
      }
    }
  }

  private callArguments(): { line: number; args: Expression[] } {
    const { lexer } = this;
    const { line } = lexer;
    if (lexer.kind === STRING) {
      const value = lexer.text;
      lexer.advance();
      return { line, args: [{ kind: 'string', value }] };
    }
    if (lexer.kind === '{') return { line, args: [this.tableConstructor()] };
    if (lexer.kind !== '(') lexer.fail('function arguments expected');
    if (line !== lexer.lastLine) lexer.fail('ambiguous syntax (function call x new statement)');
    lexer.advance();
    const args = lexer.kind === ')' ? [] : this.expressionList();
    this.close(')', '(', line);
    return { line, args };
  }

  private tableConstructor(): Expression {
    const { lexer } = this;
    const { line } = lexer;
    const list: Expression[] = [];
    const fields: { key: Expression; value: Expression; after: number }[] = [];
    this.expect('{');
    while (lexer.kind !== '}') {
      if (lexer.kind === '[') {
        lexer.advance();
        const key = this.expression();
        this.expect(']');
        this.expect('=');
        fields.push({ key, value: this.expression(), after: list.length });
      } else if (lexer.kind === NAME && lexer.peek() === '=') {
        const key: Expression = { kind: 'string', value: this.name() };
        lexer.advance();
        fields.push({ key, value: this.expression(), after: list.length });
      } else {
        list.push(this.expression());
      }
      if (!this.accept(',') && !this.accept(';')) break;
    }
    this.close('}', '{', line);
    return { kind: 'table', line, list, fields };
  }

  private functionBody(isMethod: boolean, line: number, name: string): FunctionTree {
    const tree = this.scopes.openFunction(line);
    tree.name = name;
    this.expect('(');
    if (isMethod) tree.parameters.push(this.scopes.newLocal('self'));
    if (this.lexer.kind !== ')') {
      do {
        if (this.accept('...')) {
          tree.isVararg = true;
          break;
        }
        if (this.lexer.kind !== NAME) this.lexer.fail("<name> or '...' expected");
        tree.parameters.push(this.scopes.newLocal(this.name()));
      } while (this.accept(','));
    }
    for (const parameter of tree.parameters) this.scopes.activate(parameter);
    if (tree.isVararg) {
      tree.argTable = this.scopes.newLocal('arg');
      this.scopes.activate(tree.argTable);
    }
    this.expect(')');
    tree.body = this.statements();
    tree.endLine = this.lexer.line;
    this.close('end', 'function', line);
    this.scopes.closeFunction();
    return tree;
  }

  // Tokens.

  private name(): string {
    if (this.lexer.kind !== NAME) this.lexer.fail(`'${NAME}' expected`);
    const { text } = this.lexer;
    this.lexer.advance();
    return text;
  }

  private accept(kind: string): boolean {
    if (this.lexer.kind !== kind) return false;
    this.lexer.advance();
    return true;
  }

  private expect(kind: string): void {
    if (!this.accept(kind)) this.lexer.fail(`'${kind}' expected`);
  }

  private close(kind: string, opener: string, line: number): void {
    if (this.accept(kind)) return;
    if (line === this.lexer.line) this.lexer.fail(`'${kind}' expected`);
    this.lexer.fail(`'${kind}' expected (to close '${opener}' at line ${line})`);
  }

  private enter(): void {
    if (++this.level > MAX_LEVELS) this.lexer.failPlainly('chunk has too many syntax levels');
  }

  private tooMany(limit: number, what: string): never {
    const { line } = this.scopes.function.tree;
    const where = line === 0 ? 'main function' : `function at line ${line}`;
    this.lexer.failPlainly(`${where} has more than ${limit} ${what}`);
  }
}

function noteAssignment(target: Expression): void {
  if (target.kind !== 'local') return;
  target.local.isReassigned = true;
  target.local.isNumber = false;
  target.local.function = null;
}
