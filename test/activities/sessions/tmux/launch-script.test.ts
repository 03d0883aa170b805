import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { launchScript } from '../../../../activities/sessions/tmux/launch-script';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "gantry launch ' "));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

// What a process can be given at all: no NUL; environment variables are compared as bytes.
const value = fc.string({ unit: 'grapheme', maxLength: 60 }).map((text) => text.replaceAll('\0', ''));

it('gives the agent its arguments and variables as they are, and nothing else runs', () => {
  let run = 0;
  fc.assert(
    fc.property(fc.array(value, { maxLength: 5 }), value, (args, secret) => {
      const processDir = join(dir, String((run += 1)));
      execFileSync('mkdir', [processDir]);
      const seen = join(processDir, 'seen');
      const program = `require('fs').writeFileSync(${JSON.stringify(seen)}, JSON.stringify([process.argv.slice(1), process.env.V]))`;
      const script = join(processDir, 'launch');
      const argv = [process.execPath, '-e', program, '--', ...args];
      writeFileSync(script, launchScript({ processDir, cwd: dir, claim: 'c', argv, env: { V: secret } }));
      execFileSync('/usr/bin/env', ['-i', 'PATH=/usr/bin:/bin', '/bin/sh', script]);
      expect(JSON.parse(readFileSync(seen, 'utf8'))).toEqual([args, secret]);
      expect(existsSync(script)).toBe(false);
      expect(readFileSync(join(processDir, 'exit'), 'utf8')).toBe('0\n');
    }),
    { numRuns: 25 },
  );
});

it('does not start the agent elsewhere when its directory is gone', () => {
  const script = join(dir, 'launch');
  const env = {};
  writeFileSync(
    script,
    launchScript({ processDir: dir, cwd: join(dir, 'gone'), claim: 'c', argv: ['touch', join(dir, 'x')], env }),
  );
  expect(() => execFileSync('/bin/sh', [script], { stdio: 'ignore' })).toThrow();
  expect(existsSync(join(dir, 'x'))).toBe(false);
});
