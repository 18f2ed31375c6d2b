// What the tests of the configuration share: a configuration with a temporary folder for its working directory.

import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type FileDoor, type Runtime, systemRuntime } from '../../src/base/runtime.ts';
import { Config } from '../../src/config/config.ts';
import { ConfigFileError, type ConfigSource, loadConfig } from '../../src/config/parser.ts';

export interface Bench {
  readonly folder: string;
  readonly config: Config;
  readonly runtime: Runtime;
  /** What the configuration said to the log. */
  readonly said: string[];
  write(name: string, text: string): string;
  set(...words: string[]): string | null;
  load(source: ConfigSource): void;
  /** The report of a load that fails. */
  loadError(source: ConfigSource): string;
}

/** A configuration of its own; `files` replaces calls of the file door. */
export function bench(files: Partial<FileDoor> = {}): Bench {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'respite-config-')));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const system = systemRuntime();
  const runtime: Runtime = { ...system, files: { ...system.files, ...files } };
  const config = new Config(runtime, folder);
  const said: string[] = [];
  config.attachLog((_level, text) => said.push(text));
  const load = (source: ConfigSource): void => loadConfig(config, runtime.files, source);
  return {
    folder,
    config,
    runtime,
    said,
    load,
    write(name, text) {
      const path = join(folder, name);
      writeFileSync(path, text, 'latin1');
      return path;
    },
    set(...words) {
      const pairs: [string, string][] = [];
      for (let i = 0; i < words.length; i += 2) pairs.push([words[i]!, words[i + 1]!]);
      return config.set(pairs, { loading: false, local: true });
    },
    loadError(source) {
      try {
        load(source);
      } catch (error) {
        if (error instanceof ConfigFileError) return error.text;
        throw error;
      }
      throw new Error('the configuration was loaded');
    },
  };
}
