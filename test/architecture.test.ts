// The rules of the house that a machine can hold: who may import whom, what only the one door to the outside may call,
// and that no module keeps state. Each rule is a function from sources to offending lines; it is tried on a source that
// breaks it as well, so that a rule that sees nothing is noticed.

import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, expect, test } from 'vitest';
import { blanked, importsOf, lineAt } from './support/source-scan.ts';

const MAX_LINES = 800;

/** Each folder and the folders whose values and types it may import besides its own. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = layers([
  ['base'],
  ['memory', 'resp', 'config', 'lua'],
  ['datatypes'],
  ['keyspace'],
  ['engine'],
  ['persistence', 'scripting', 'replication', 'cluster', 'net', 'process'],
  ['metrics'],
  ['commands'],
  ['tools'],
]);
const NOT_EVEN_SO: Readonly<Record<string, readonly string[]>> = {
  // A handler answers through the engine's seams, whatever the transport.
  commands: ['net', 'process', 'metrics'],
  // It sees the server as INFO does, and listens.
  metrics: ['persistence', 'scripting', 'replication', 'cluster', 'process'],
  // A tool reads files and has no server.
  tools: [
    'engine',
    'commands',
    'replication',
    'net',
    'scripting',
    'cluster',
    'lua',
    'memory',
    'datatypes',
    'metrics',
  ],
};
const AND_ALSO: Readonly<Record<string, readonly string[]>> = {
  // CONFIG's own error texts stand where all error texts stand.
  config: ['resp/errors.ts'],
};
/** The files that wire: what they may import, folders and files. */
const WIRING: Readonly<Record<string, readonly string[] | 'everything'>> = {
  'server.ts': 'everything',
  'server-settings.ts': 'everything',
  'index.ts': ['server.ts', 'base', 'config'],
  'main.ts': ['server.ts', 'base', 'config', 'process', 'engine/server-parts.ts', 'engine/fault.ts'],
};
/** Packages, and which files may import them. */
const PACKAGES: Readonly<Record<string, RegExp>> = {
  commander: /^main\.ts$/,
  pino: /^base\/logger\.ts$/,
  denque: /^(datatypes|engine|net|replication)\//,
};
/** Node's modules, and which files may import them; the rest is open to all. */
const NODE_MODULES: Readonly<Record<string, RegExp>> = {
  'node:fs': /^(base\/runtime|main)\.ts$/,
  'node:fs/promises': /^$/,
  'node:timers': /^$/,
  'node:timers/promises': /^$/,
  'node:perf_hooks': /^base\/(runtime|event-loop-watch)\.ts$/,
  'node:child_process': /^base\/system-door\.ts$/,
  'node:worker_threads': /^(process\/watchdog(-thread)?|net\/host-lookup)\.ts$/,
  'node:inspector': /^process\/watchdog-thread\.ts$/,
  'node:net': /^net\//,
  'node:tls': /^net\//,
  'node:http': /^metrics\/endpoint\.ts$/,
};

interface Ban {
  readonly what: RegExp;
  readonly instead: string;
  readonly except?: RegExp;
}

const RUNTIME = /^base\/(runtime|event-loop-watch)\.ts$/;
const SYSTEM = /^(main|base\/system-door|tools\/main-[a-z-]+)\.ts$/;
const BANS: readonly Ban[] = [
  { what: /\bDate\.now\b|\bnew Date\(\s*\)|\bDate\(\s*\)/, instead: 'runtime.clock', except: RUNTIME },
  { what: /\bperformance\.|\bprocess\.hrtime\b/, instead: 'runtime.clock', except: RUNTIME },
  { what: /\bset(Timeout|Interval|Immediate)\(/, instead: 'runtime.timers', except: RUNTIME },
  { what: /\b(queueMicrotask|nextTick)\(/, instead: 'runtime.timers.afterTurn' },
  {
    what: /\bMath\.random\b|\bgetRandomValues\b|\brandom(Bytes|Int|UUID|Fill|FillSync)\b/,
    instead: 'runtime.random',
    except: RUNTIME,
  },
  {
    what: /\bprocess\.(exit|kill|abort|on|once|argv|env|stdin|stdout|stderr|exitCode|title)\b/,
    instead: 'runtime.system, or main.ts',
    except: SYSTEM,
  },
  { what: /\bprocess\.cwd\b/, instead: 'a directory that is passed in', except: /^(main|index)\.ts$/ },
  { what: /\bprocess\.pid\b/, instead: 'runtime.pid', except: RUNTIME },
  { what: /\bconsole\./, instead: 'the logger' },
  { what: /\beval\(|\bnew Function\(/, instead: 'nothing', except: /^lua\// },
  { what: /\benum\s+\w+\s*\{|\bnamespace\s+\w+\s*\{/, instead: 'an `as const` object' },
  { what: /:\s*any\b|\bas any\b|<any>/, instead: 'unknown' },
  { what: /\brequire\(/, instead: 'import' },
];
const IN_COMMENTS = /@ts-(ignore|nocheck|expect-error)|\b(TODO|FIXME|XXX|HACK)\b/;

/** Objects that a module may make once although their class can change: why nobody notices. */
const HARMLESS_OBJECTS: Readonly<Record<string, string>> = {
  'base/double-digits.ts finder': 'scratch space, written and read within one synchronous call',
  'lua/table-order.ts nodes': 'scratch space, written and read within one synchronous call',
};
const CONSTANT_CLASSES = /^(ReplyError|Command|RegExp|TextEncoder|TextDecoder)$/;

type Sources = ReadonlyMap<string, string>;

const sources: Sources = new Map(
  (readdirSync(join(import.meta.dirname, '../src'), { recursive: true }) as string[])
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.ts'))
    .sort()
    .map((path) => [path, readFileSync(join(import.meta.dirname, '../src', path), 'utf8')]),
);

interface Rule {
  readonly name: string;
  find(sources: Sources): string[];
  /** Sources that break the rule, one by one. */
  readonly breaks: readonly Readonly<Record<string, string>>[];
  /** A source that looks like it but does not. */
  readonly keeps: Readonly<Record<string, string>>;
}

const rules: readonly Rule[] = [
  {
    name: 'folders import downward only',
    find: (all) => perImport(all, importProblem),
    breaks: [
      { 'base/a.ts': "import { x } from '../resp/b.ts';" },
      { 'engine/a.ts': "import type { X } from '../net/b.ts';" },
      { 'commands/a.ts': "import {\n  x,\n} from '../net/b.ts';" },
      { 'memory/a.ts': "import { x } from '../resp/b.ts';" },
      { 'config/a.ts': "import { x } from '../resp/b.ts';" },
      { 'net/a.ts': "import { x } from '../commands/b.ts';" },
      { 'tools/a.ts': "import { x } from '../engine/b.ts';" },
      { 'commands/a.ts': "import { x } from '../tools/b.ts';" },
      { 'engine/a.ts': "import { x } from '../server.ts';" },
      { 'main.ts': "import { x } from './engine/call.ts';" },
      { 'somewhere/a.ts': "import { x } from '../base/b.ts';" },
      { 'base/a.ts': "import { x } from './b.js';" },
      { 'base/a.ts': "const x = await import('../resp/b.ts');" },
      { 'engine/a.ts': "import pino from 'pino';" },
      { 'engine/a.ts': "import { readFileSync } from 'node:fs';" },
    ],
    keeps: {
      'base/a.ts': "// import { x } from '../resp/b.ts';\nconst x = \"import { x } from '../resp/b.ts'\";",
      'commands/b.ts': "import { x } from '../engine/b.ts';\nimport { createHash } from 'node:crypto';",
      'config/b.ts': "import { X } from '../resp/errors.ts';",
      'server.ts': "import { x } from './net/b.ts';",
    },
  },
  {
    name: 'no import cycles',
    find: cycles,
    breaks: [
      {
        'base/a.ts': "import { b } from './b.ts';",
        'base/b.ts': "import { c } from './c.ts';",
        'base/c.ts': "import { a, type A } from './a.ts';",
      },
      { 'base/a.ts': "import { a } from './a.ts';" },
    ],
    keeps: {
      'base/a.ts': "import { b } from './b.ts';",
      'base/b.ts': "import type { A } from './a.ts';\nimport { type B } from './a.ts';",
    },
  },
  {
    name: 'no barrel files but index.ts',
    find: (all) =>
      perImport(all, (path, { isReexport }) => (isReexport && path !== 'index.ts' ? 'handed on' : null)),
    breaks: [{ 'base/a.ts': "export { x } from './b.ts';" }, { 'base/a.ts': "export * from './b.ts';" }],
    keeps: { 'index.ts': "export { x } from './base/b.ts';", 'base/a.ts': 'export { x };\nconst x = 1;' },
  },
  {
    name: 'banned calls',
    find: (all) => perLine(all, bannedCall),
    breaks: [
      { 'engine/a.ts': 'const now = Date.now();' },
      { 'engine/a.ts': 'const now = new Date();' },
      { 'engine/a.ts': 'setImmediate(() => {});' },
      { 'engine/a.ts': 'timers.x(Math.random());' },
      { 'engine/a.ts': 'const { randomBytes } = crypto;' },
      { 'engine/a.ts': 'process.exit(1);' },
      { 'engine/a.ts': 'const x = y as any;' },
      { 'engine/a.ts': 'const x = `$' + '{Date.now()}`;' },
    ],
    keeps: {
      'base/runtime.ts': 'const now = Date.now();',
      'engine/a.ts':
        "// Date.now() would be wrong.\nconst x = 'Date.now()';\nconst y = new Date(1);\nconst z = /process.exit/;",
    },
  },
  {
    name: 'no suppressions and no notes to oneself',
    find: (all) => [...all].flatMap(([path, source]) => matches(path, source, IN_COMMENTS, 'remove it')),
    breaks: [{ 'base/a.ts': '// @ts-ignore\nx;' }, { 'base/a.ts': '// TODO: later' }],
    keeps: { 'base/a.ts': "const x = 'TODOS';" },
  },
  {
    name: 'no module keeps state',
    find: moduleState,
    breaks: [
      { 'base/a.ts': 'let count = 0;' },
      { 'base/a.ts': 'export let count = 0;' },
      { 'base/a.ts': 'var count = 0;' },
      { 'base/a.ts': 'const cache = new Map<string, number>();' },
      { 'base/a.ts': 'const cache: Map<string, number> = new Map();' },
      { 'base/a.ts': 'export const seen = new Set();' },
      { 'base/a.ts': 'const all = [];' },
      { 'base/a.ts': 'const all: string[] = [];' },
      { 'base/a.ts': 'const counts: Record<string, number> = {};' },
      { 'base/a.ts': 'const thing = new Thing();' },
      { 'base/a.ts': 'const weak = new WeakMap();' },
      { 'base/a.ts': 'const scratch = new Uint8Array(8);' },
      { 'base/a.ts': 'class A {\n  static count = 0;\n}' },
    ],
    keeps: {
      'base/a.ts': [
        "const WORDS: ReadonlySet<string> = new Set(['a']);",
        "const list: readonly string[] = ['a'];",
        "const two = ['a', 'b'] as const;",
        'const TABLE = new Uint32Array(256);',
        'const some = { a: 1 } as const;',
        'const counts: Readonly<Record<string, number>> = { a: 1 };',
        'function f() {\n  let x = 0;\n  const map = new Map();\n}',
        'class A {\n  static of(): A {\n    return new A();\n  }\n  static readonly zero = 0;\n}',
        'export const NO = new ReplyError(1);',
      ].join('\n'),
    },
  },
  {
    name: 'every error text stands in resp/errors.ts',
    find: (all) => perLine(all, strayErrorText, { strings: false }),
    breaks: [
      { 'commands/a.ts': "throw new ReplyError('ERR no');" },
      { 'commands/a.ts': "reply.raw('-ERR no\\r\\n');" },
      { 'commands/a.ts': 'return `WRONGTYPE $' + '{x}`;' },
      { 'commands/a.ts': "throw failure('no such thing');" },
    ],
    keeps: {
      'resp/errors.ts': "const x = 'ERR no';",
      'commands/a.ts': "// 'ERR no'\nconst e = errors.ERR;\nthrow failure(reason);",
    },
  },
  {
    name: `files are shorter than ${MAX_LINES} lines`,
    find: (all) =>
      [...all].flatMap(([path, source]) => {
        const lines = source.trimEnd().split('\n').length;
        return lines < MAX_LINES ? [] : [`src/${path}: ${lines} lines`];
      }),
    breaks: [{ 'base/a.ts': 'x;\n'.repeat(MAX_LINES) }],
    keeps: { 'base/a.ts': 'x;\n'.repeat(MAX_LINES - 1) },
  },
  {
    name: 'every file begins by saying what lives there',
    find: (all) =>
      [...all].flatMap(([path, source]) =>
        /^(#!.*\n)?\/\/ \S/.test(source) ? [] : [`src/${path}:1: no header`],
      ),
    breaks: [{ 'base/a.ts': "import { x } from './b.ts';" }],
    keeps: { 'base/a.ts': '// Things.\n\nx;' },
  },
];

describe.each(rules)('$name', ({ find, breaks, keeps }) => {
  test('in src', () => {
    const found = find(sources);
    expect(found, found.join('\n')).toEqual([]);
  });

  test('the rule sees what breaks it', () => {
    for (const broken of breaks)
      expect(find(new Map(Object.entries(broken))), JSON.stringify(broken)).not.toEqual([]);
  });

  test('the rule lets pass what keeps it', () => {
    expect(find(new Map(Object.entries(keeps)))).toEqual([]);
  });
});

test('there is something to look at', () => {
  expect(sources.size).toBeGreaterThan(40);
  expect(perImport(sources, (path, { from }) => `${path} ${from}`).length).toBeGreaterThan(100);
});

function layers(rows: readonly (readonly string[])[]): Record<string, string[]> {
  const table: Record<string, string[]> = {};
  rows.forEach((row, i) => {
    for (const folder of row) table[folder] = rows.slice(0, i).flat();
  });
  return table;
}

type Import = ReturnType<typeof importsOf>[number];

function perImport(all: Sources, problem: (path: string, statement: Import) => string | null): string[] {
  return [...all].flatMap(([path, source]) =>
    importsOf(source).flatMap((statement) => {
      const found = problem(path, statement);
      return found === null ? [] : [`src/${path}:${statement.line}: ${found}: ${statement.text}`];
    }),
  );
}

function importProblem(path: string, { from }: Import): string | null {
  if (from.startsWith('node:'))
    return allows(NODE_MODULES[from], path) ? null : `${from} is not for this file`;
  if (!from.startsWith('.')) {
    return PACKAGES[from]?.test(path) ? null : `the package ${from} is not for this file`;
  }
  if (!from.endsWith('.ts')) return 'imports end in .ts';
  const target = resolved(path, from);
  if (target.startsWith('..')) return 'outside of src';
  const wiring = WIRING[path];
  const folder = path.split('/')[0]!;
  const targetFolder = target.split('/')[0]!;
  if (wiring !== undefined) {
    if (wiring === 'everything') return null;
    return wiring.includes(targetFolder) || wiring.includes(target)
      ? null
      : `${path} may not import ${target}`;
  }
  if (folder === targetFolder && folder in MAY_IMPORT) return null;
  if (AND_ALSO[folder]?.includes(target)) return null;
  const isAllowed =
    MAY_IMPORT[folder]?.includes(targetFolder) && !NOT_EVEN_SO[folder]?.includes(targetFolder);
  return isAllowed ? null : `${folder} may not import ${targetFolder}`;
}

function allows(files: RegExp | undefined, path: string): boolean {
  return files === undefined || files.test(path);
}

function resolved(path: string, from: string): string {
  return posix.normalize(posix.join(posix.dirname(path), from));
}

function cycles(all: Sources): string[] {
  const imports = new Map<string, string[]>();
  for (const [path, source] of all) {
    const values = importsOf(source).filter((one) => !one.isTypeOnly && one.from.startsWith('.'));
    imports.set(
      path,
      values.map((one) => resolved(path, one.from)),
    );
  }
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    const at = trail.indexOf(path);
    if (at >= 0) {
      found.push([...trail.slice(at), path].map((one) => `src/${one}`).join(' -> '));
      return;
    }
    if (done.has(path)) return;
    for (const next of imports.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of imports.keys()) visit(path, []);
  return found;
}

function perLine(
  all: Sources,
  problem: (path: string, line: string) => string | null,
  options = { strings: true },
): string[] {
  return [...all].flatMap(([path, source]) => {
    const shown = source.split('\n');
    return blanked(source, options)
      .split('\n')
      .flatMap((line, i) => {
        const found = problem(path, line);
        return found === null ? [] : [`src/${path}:${i + 1}: ${found}: ${shown[i]!.trim()}`];
      });
  });
}

function bannedCall(path: string, line: string): string | null {
  const ban = BANS.find(({ what, except }) => what.test(line) && !except?.test(path));
  return ban === undefined ? null : `use ${ban.instead}`;
}

function matches(path: string, text: string, pattern: RegExp, instead: string): string[] {
  return text
    .split('\n')
    .flatMap((line, i) => (pattern.test(line) ? [`src/${path}:${i + 1}: ${instead}: ${line.trim()}`] : []));
}

// A literal that begins like an error reply, or the helper for made-up reasons used with a text that is not made up.
function strayErrorText(path: string, line: string): string | null {
  if (path === 'resp/errors.ts') return null;
  const code =
    /['"`]-?(ERR|WRONGTYPE|NOAUTH|NOPERM|WRONGPASS|NOPROTO|EXECABORT|OOM|BUSY|BUSYKEY|BUSYGROUP|NOGROUP|NOSCRIPT|LOADING|MISCONF|READONLY|MASTERDOWN|NOREPLICAS|NOTBUSY|UNKILLABLE|UNBLOCKED|INPROG|DENIED|CROSSSLOT|CLUSTERDOWN|TRYAGAIN) /;
  return code.test(line) || /\bfailure\(\s*['"`]/.test(line) ? 'the text belongs into resp/errors.ts' : null;
}

function moduleState(all: Sources): string[] {
  const found: string[] = [];
  for (const [path, source] of all) {
    const code = blanked(source, { strings: true });
    const report = (index: number, reason: string) => {
      const line = lineAt(code, index);
      found.push(`src/${path}:${line}: ${reason}: ${source.split('\n')[line - 1]!.trim()}`);
    };
    for (const match of code.matchAll(/^(export )?(let|var)\b/gm))
      report(match.index, `a module-level ${match[2]}`);
    for (const match of code.matchAll(
      /^ {2}(private |protected |public )?static (?!readonly\b)(\w+)(: [^=;(]+)?( =|;)/gm,
    )) {
      report(match.index, 'a static field that can change');
    }
    for (const match of code.matchAll(/^(?:export )?const (\w+)(?:: ([^=]+?))? = ([\s\S]*?;)$/gm)) {
      const [, name, type = '', value] = match;
      if (HARMLESS_OBJECTS[`${path} ${name}`] !== undefined) continue;
      if (isMutable(name!, type, value!)) report(match.index, 'a container that can change');
    }
  }
  return found;
}

function isMutable(name: string, type: string, value: string): boolean {
  const isUpper = /^[A-Z][A-Z0-9_]*$/.test(name);
  const made = /^new (\w+)/.exec(value)?.[1];
  if (made !== undefined) {
    // An array of numbers has no read-only type; the name of a constant has to do.
    if (/^(Big)?(Int|Uint|Float)\d+(Clamped)?Array$/.test(made)) return !isUpper;
    return !/^(Readonly|readonly )/.test(type) && !CONSTANT_CLASSES.test(made);
  }
  if (/^Buffer\.(alloc|from)/.test(value)) return !isUpper;
  if (value.startsWith('['))
    return !/^(Readonly|readonly )/.test(type) && !/\bas const;$/.test(value) && !isUpper;
  // An object literal without a type of a dictionary is a table of names; an empty one is meant to be filled.
  if (value.startsWith('{')) return /^(Partial<)?(Record<|\{ *\[)/.test(type) || /^\{\s*\};/.test(value);
  return false;
}
