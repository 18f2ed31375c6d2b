// The tree that the parser makes of a chunk. Names are resolved: a local is an object that all its uses share, and what
// is found out about it (captured, assigned again) decides how it is compiled.

/** A local variable or a parameter. */
export interface Local {
  readonly name: string;
  readonly id: number;
  readonly owner: FunctionTree;
  /** Used by a function inside of the one that it belongs to. */
  isCaptured: boolean;
  /** Assigned after its declaration. */
  isReassigned: boolean;
  /** Named somewhere. */
  isUsed: boolean;
  /** Always a number: the counter of a loop. */
  isNumber: boolean;
  /** The function that it is, where it is never assigned again. */
  function: FunctionTree | null;
}

export interface FunctionTree {
  readonly id: number;
  readonly parent: FunctionTree | null;
  readonly line: number;
  /** Where its `end` is. */
  endLine: number;
  name: string;
  readonly parameters: Local[];
  isVararg: boolean;
  usesVarargs: boolean;
  /** The table `arg` of a function with `...` that does not use it. */
  argTable: Local | null;
  /** Locals of functions around it that it or functions inside of it use, in order of first use. */
  readonly upvalues: Local[];
  body: Block;
  /** Its first zero: Lua keeps constants by value, and so the other zero becomes that one too. */
  zero: number | null;
  /** Found when its code is made: it never yields, and how many steps it takes at most. */
  plainCost: number | null;
}

export type Block = Statement[];

export type Statement =
  | { kind: 'local'; line: number; locals: Local[]; values: Expression[] }
  | { kind: 'localFunction'; line: number; local: Local; function: FunctionTree }
  | { kind: 'assign'; line: number; targets: Expression[]; values: Expression[]; opLine: number }
  | { kind: 'call'; line: number; call: Call }
  | { kind: 'do'; line: number; body: Block }
  | { kind: 'while'; line: number; condition: Expression; body: Block }
  | { kind: 'repeat'; line: number; condition: Expression; body: Block }
  | {
      kind: 'if';
      line: number;
      clauses: { condition: Expression; line: number; body: Block }[];
      otherwise: Block | null;
    }
  | {
      kind: 'numericFor';
      line: number;
      opLine: number;
      local: Local;
      from: Expression;
      to: Expression;
      step: Expression | null;
      body: Block;
    }
  | { kind: 'genericFor'; line: number; locals: Local[]; values: Expression[]; body: Block }
  | { kind: 'return'; line: number; values: Expression[] }
  | { kind: 'break'; line: number };

export type Call =
  | { kind: 'call'; line: number; callee: Expression; args: Expression[] }
  | {
      kind: 'methodCall';
      line: number;
      opLine: number;
      object: Expression;
      name: string;
      args: Expression[];
    };

export type Expression =
  | Call
  | { kind: 'nil' | 'true' | 'false' | 'varargs' }
  | { kind: 'number'; value: number }
  | { kind: 'string'; value: string }
  | { kind: 'function'; function: FunctionTree }
  | { kind: 'local'; local: Local; isUpvalue: boolean }
  | { kind: 'global'; name: string; line: number }
  | { kind: 'index'; line: number; object: Expression; key: Expression }
  | { kind: 'and' | 'or'; left: Expression; right: Expression }
  | { kind: 'not'; operand: Expression }
  | { kind: 'negate' | 'length'; operand: Expression; line: number }
  | {
      kind: 'arithmetic';
      operator: '+' | '-' | '*' | '/' | '%' | '^';
      left: Expression;
      right: Expression;
      line: number;
    }
  | {
      kind: 'compare';
      operator: '==' | '~=' | '<' | '<=' | '>' | '>=';
      left: Expression;
      right: Expression;
      line: number;
    }
  | { kind: 'concat'; operands: Expression[]; line: number }
  | { kind: 'parenthesis'; inner: Expression }
  | {
      kind: 'table';
      line: number;
      list: Expression[];
      fields: { key: Expression; value: Expression; after: number }[];
    };
