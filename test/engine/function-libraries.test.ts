// The texts of function libraries: their names, and what Redis says of a first line that is none.

import { describe, expect, test } from 'vitest';
import { FunctionLibraries, LibraryError } from '../../src/engine/function-libraries.ts';

const BODY = "redis.register_function('f', function() end)";

describe('a library', () => {
  test.each([
    ['#!lua name=mylib\n', 'mylib'],
    ['#!LUA   NAME=My_Lib2 \n', 'My_Lib2'],
    ['#!lua "name=quoted"\n', 'quoted'],
  ])('%j is named', (line, name) => {
    const libraries = new FunctionLibraries();
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
    expect(() => new FunctionLibraries().add(text, true)).toThrow(new LibraryError(reason));
  });

  test('has a name of its own, unless it replaces another', () => {
    const libraries = new FunctionLibraries();
    libraries.add('#!lua name=a\n1', false);
    libraries.add('#!lua name=b\n2', false);
    expect(() => libraries.add('#!lua name=a\n3', false)).toThrow(
      new LibraryError("Library 'a' already exists"),
    );
    libraries.add('#!lua name=a\n3', true);
    expect([...libraries.values()]).toEqual(['#!lua name=a\n3', '#!lua name=b\n2']);
    libraries.clear();
    expect(libraries.size).toBe(0);
  });
});
