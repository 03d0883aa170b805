#!/usr/bin/env node
import { runCli } from './run-cli';

const interrupted = new AbortController();
const insisted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => (interrupted.signal.aborted ? insisted : interrupted).abort(signal));
}

const { stdin, stdout, stderr, env } = process;
// A reader that has seen enough (`gantry logs … | head`) is no failure.
stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

const signals = { signal: interrupted.signal, insisted: insisted.signal };
void runCli(process.argv.slice(2), { stdin, stdout, stderr, env, cwd: process.cwd(), ...signals }).then(
  // What an interrupted command still waits for must not hold the terminal; what it has said must come out.
  (code) => stdout.write('', () => stderr.write('', () => process.exit(code))),
);
