// Which name means which local while a chunk is parsed, and Lua 5.1's limits on how many there may be.

import type { Lexer } from './lexer.ts';
import type { FunctionTree, Local } from './syntax-tree.ts';

const MAX_LOCALS = 200;
const MAX_UPVALUES = 60;

/** A function that is being parsed: its blocks' locals, the innermost last. */
export class FunctionScope {
  readonly tree: FunctionTree;
  readonly parent: FunctionScope | null;
  loops = 0;
  readonly active: Local[] = [];

  constructor(tree: FunctionTree, parent: FunctionScope | null) {
    this.tree = tree;
    this.parent = parent;
  }
}

export class Scopes {
  function: FunctionScope;
  private lastLocal = 0;
  private lastFunction = 0;
  private readonly lexer: Lexer;

  constructor(lexer: Lexer) {
    this.lexer = lexer;
    this.function = new FunctionScope(this.newFunction(0, null), null);
  }

  openFunction(line: number): FunctionTree {
    const tree = this.newFunction(line, this.function.tree);
    this.function = new FunctionScope(tree, this.function);
    return tree;
  }

  closeFunction(): void {
    this.function = this.function.parent!;
  }

  /** A local that `activate` makes visible. */
  newLocal(name: string): Local {
    return {
      name,
      id: ++this.lastLocal,
      owner: this.function.tree,
      isCaptured: false,
      isReassigned: false,
      isUsed: false,
      isNumber: false,
      function: null,
    };
  }

  activate(local: Local): void {
    const { active } = this.function;
    if (active.length >= MAX_LOCALS) this.tooMany(this.function.tree, MAX_LOCALS, 'local variables');
    active.push(local);
  }

  /** What a name means: a local (of this function or of one around it) or a global (null). */
  find(name: string): { local: Local; isUpvalue: boolean } | null {
    for (let scope: FunctionScope | null = this.function; scope !== null; scope = scope.parent) {
      for (let i = scope.active.length - 1; i >= 0; i--) {
        const local = scope.active[i]!;
        if (local.name !== name) continue;
        local.isUsed = true;
        if (scope !== this.function) this.capture(local, scope);
        return { local, isUpvalue: scope !== this.function };
      }
    }
    return null;
  }

  private capture(local: Local, from: FunctionScope): void {
    local.isCaptured = true;
    for (let scope = this.function; scope !== from; scope = scope.parent!) {
      const { upvalues } = scope.tree;
      if (upvalues.includes(local)) continue;
      if (upvalues.length >= MAX_UPVALUES) this.tooMany(scope.tree, MAX_UPVALUES, 'upvalues');
      upvalues.push(local);
    }
  }

  private tooMany(tree: FunctionTree, limit: number, what: string): never {
    this.lexer.failPlainly(
      tree.line === 0
        ? `main function has more than ${limit} ${what}`
        : `function at line ${tree.line} has more than ${limit} ${what}`,
    );
  }

  private newFunction(line: number, parent: FunctionTree | null): FunctionTree {
    return {
      id: ++this.lastFunction,
      parent,
      line,
      endLine: line,
      name: '',
      parameters: [],
      isVararg: false,
      usesVarargs: false,
      argTable: null,
      upvalues: [],
      body: [],
      zero: null,
      plainCost: null,
    };
  }
}
