import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const SERVER = fileURLToPath(new URL('../server.mjs', import.meta.url));

test('the server serves the page, its script and its health, and nothing else', async (t) => {
  const server = spawn(process.execPath, [SERVER], { env: { ...process.env, PORT: '0' } });
  t.after(() => server.kill());
  const [line] = await once(server.stdout.setEncoding('utf8'), 'data');
  const url = line.trim().split(' ').at(-1);

  assert.match(await (await fetch(url)).text(), /<title>Calculator<\/title>/);
  assert.match(await (await fetch(`${url}/calculator.mjs`)).text(), /export function press/);
  assert.deepEqual(await (await fetch(`${url}/health`)).json(), { status: 'ok' });
  assert.equal((await fetch(`${url}/server.mjs`)).status, 404);
});
