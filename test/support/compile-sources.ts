import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { transformFileSync } from '@swc/core';

const ROOT = join(__dirname, '..', '..');

/**
 * Compile rooms of the project for programs that tests start as processes of their own. Gives the directory that
 * stands for the root; it lies in node_modules, so that packages are found from it.
 */
export function compileSources(name: string, rooms: readonly string[]): string {
  const out = join(ROOT, 'node_modules', '.cache', 'gantry-test', `${name}-${process.pid}`);
  for (const room of rooms) {
    for (const file of readdirSync(join(ROOT, room), { recursive: true, encoding: 'utf8' })) {
      if (file.endsWith('.ts') && !file.endsWith('.test.ts')) compile(join(ROOT, room, file), out);
    }
  }
  return out;
}

function compile(path: string, out: string): void {
  const target = join(out, relative(ROOT, path)).replace(/\.ts$/, '.js');
  const { code } = transformFileSync(path, {
    jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
    module: { type: 'commonjs' },
    sourceMaps: 'inline',
  });
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, code);
}
