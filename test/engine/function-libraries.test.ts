// The texts of function libraries: their names, and what Redis says of a first line that is none.

import { describe, expect, test } from 'vitest';
import {
  FunctionLibraries,
  type LibraryCompiler,
  LibraryError,
  type LibraryFunction,
} from '../../src/engine/function-libraries.ts';

// The code of a library is the names of its functions here.
const compiler: LibraryCompiler = {
  compile(code) {
    const names = code.split(/\s+/).filter((name) => name !== '');
    if (names.includes('broken')) throw new LibraryError('it is broken');
    return new Map(names.map((name): [string, LibraryFunction] => [name, functionNamed(name)]));
  },
};
const functionNamed = (name: string): LibraryFunction => ({
  name,
  description: null,
  flags: 0,
  callback: null,
});
const newLibraries = () => new FunctionLibraries(compiler);

const BODY = 'f';

describe('a library', () => {
  test.each([
    ['#!lua name=mylib\n', 'mylib'],
    ['#!LUA   NAME=My_Lib2 \n', 'My_Lib2'],
    ['#!lua "name=quoted"\n', 'quoted'],
  ])('%j is named', (line, name) => {
    const libraries = newLibraries();
    expect(libraries.add(`${line}${BODY}`, false)).toBe(name);
    expect([...libraries.values()]).toEqual([`${line}${BODY}`]);
  });

  test.each([
    ['', 'Missing library metadata'],
    ['-- name=x\n', 'Missing library metadata'],
    ['#!lua name=x', 'Invalid library metadata'],
    ['#!lua "name=x\n', 'Invalid library metadata'],
    ['#!lua\n', 'Library name was not given'],
    ['#!lua foo=bar\n', 'Invalid metadata value given: foo=bar'],
    ['#!lua name=a name=b\n', 'Invalid metadata value, name argument was given multiple times'],
    [
      '#!lua name=a-b\n',
      'Library names can only contain letters, numbers, or underscores(_) and must be at least one character long',
    ],
    [
      '#!lua name=\n',
      'Library names can only contain letters, numbers, or underscores(_) and must be at least one character long',
    ],
    ['#!js name=x\n', "Engine 'js' not found"],
  ])('%j is refused', (text, reason) => {
    expect(() => newLibraries().add(text, true)).toThrow(new LibraryError(reason));
  });

  test('has a name of its own, unless it replaces another', () => {
    const libraries = newLibraries();
    libraries.add('#!lua name=a\nf', false);
    libraries.add('#!lua name=b\ng', false);
    expect(() => libraries.add('#!lua name=a\nh', false)).toThrow(
      new LibraryError("Library 'a' already exists"),
    );
    libraries.add('#!lua name=a\nh', true);
    expect([...libraries.values()]).toEqual(['#!lua name=a\nh', '#!lua name=b\ng']);
    expect(libraries.find('f')).toBe(undefined);
    expect(libraries.find('H')?.name).toBe('h');
    libraries.clear();
    expect([libraries.size, libraries.functionCount]).toEqual([0, 0]);
  });

  test("is refused when it has no functions, or none that is not another's", () => {
    const libraries = newLibraries();
    libraries.add('#!lua name=a\nf', false);
    expect(() => libraries.add('#!lua name=b\n', false)).toThrow('No functions registered');
    expect(() => libraries.add('#!lua name=b\ng F', false)).toThrow('Function F already exists');
    expect(() => libraries.add('#!lua name=a\nbroken', true)).toThrow('it is broken');
    expect([...libraries.values()]).toEqual(['#!lua name=a\nf']);
    expect(libraries.find('f')).not.toBe(undefined);
  });
});

describe('restored libraries', () => {
  const A = '#!lua name=a\nf';
  const B = '#!lua name=b\ng';

  test('are added, and none of them when one is there already', () => {
    const libraries = newLibraries();
    libraries.add(A, false);
    expect(() => libraries.restore([B, A], 'append')).toThrow('Library a already exists');
    expect([...libraries.values()]).toEqual([A]);
    libraries.restore([B], 'append');
    expect([...libraries.values()]).toEqual([A, B]);
  });

  test('replace those of the same name, but not the functions of others', () => {
    const libraries = newLibraries();
    libraries.add(A, false);
    libraries.add(B, false);
    expect(() => libraries.restore(['#!lua name=a\ng'], 'replace')).toThrow('Function g already exists');
    expect(libraries.find('f')).not.toBe(undefined);
    libraries.restore(['#!lua name=a\nh'], 'replace');
    expect(libraries.find('f')).toBe(undefined);
    expect(libraries.functionCount).toBe(2);
  });

  test('take the place of all', () => {
    const libraries = newLibraries();
    libraries.add(A, false);
    libraries.restore([B], 'flush');
    expect([...libraries.values()]).toEqual([B]);
    expect(libraries.find('f')).toBe(undefined);
  });
});
