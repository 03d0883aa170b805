import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { askScript, hookScript } from '../../../../activities/sessions/agents/hook-scripts';
import { parseObject } from '../../../../activities/sessions/line-tail';
import { waitUntil } from '../../../support/wait-until';

let dir: string;
let eventsPath: string;
let answersDir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "gantry it's hooks-"));
  eventsPath = join(dir, 'events.jsonl');
  answersDir = join(dir, 'answers');
  mkdirSync(answersDir);
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Run a script as an agent does; gives its exit code and what it printed. */
async function call(script: string, input: string) {
  const path = join(dir, `script-${Math.random()}.sh`);
  writeFileSync(path, script, { mode: 0o700 });
  const child = execFile(path, { env: { PATH: process.env['PATH'] } });
  let output = '';
  child.stdout?.on('data', (text: string) => (output += text));
  child.stderr?.on('data', (text: string) => (output += text));
  child.stdin?.on('error', () => undefined); // it reads no more than it wants
  child.stdin?.end(input);
  const [exitCode] = (await once(child, 'close')) as [number];
  return { exitCode, output };
}

const written = () =>
  readFileSync(eventsPath, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => parseObject(line));

describe('the script of a hook', () => {
  it('adds what it is told as one line', async () => {
    const event = { hook_event_name: 'Stop', last_assistant_message: 'a\nb\\n "c" $(d) %s \\c' };
    expect(await call(hookScript(eventsPath), JSON.stringify(event, null, 2))).toEqual({ exitCode: 0, output: '' });
    expect(await call(hookScript(eventsPath), JSON.stringify(event))).toEqual({ exitCode: 0, output: '' });
    expect(written()).toEqual([event, event]);
  });

  it('never mixes the lines of hooks that run beside each other', async () => {
    const events = Array.from({ length: 8 }, (_, id) => ({ id, text: String(id).repeat(300_000) }));
    await Promise.all(events.map((event) => call(hookScript(eventsPath), JSON.stringify(event))));
    expect(written().map((event) => event?.['id'])).toHaveLength(8);
    expect(new Set(written().map((event) => (event?.['text'] as string).slice(0, 1))).size).toBe(8);
  });

  it('never fails an agent: not on too much, on nothing, nor where it cannot write', async () => {
    expect(await call(hookScript(eventsPath), 'x'.repeat(6_000_000))).toEqual({ exitCode: 0, output: '' });
    expect(await call(hookScript(eventsPath), '')).toEqual({ exitCode: 0, output: '' });
    expect(await call(hookScript(join(dir, 'no', 'such', 'place')), '{}')).toEqual({ exitCode: 0, output: '' });
    await call(hookScript(eventsPath), '{"after":1}');
    expect(written().at(-1)).toEqual({ after: 1 });
  });
});

describe('the script of a question', () => {
  const request = JSON.stringify({ hook_event_name: 'PermissionRequest', tool_name: 'Bash' });
  const ask = (limitMs: number) => call(askScript({ eventsPath, answersDir, limitMs }), request);
  const decision = (output: string) =>
    (JSON.parse(output) as { hookSpecificOutput: { decision: unknown } }).hookSpecificOutput.decision;
  const askId = () =>
    waitUntil(() => {
      try {
        return written()[0]?.['ask_id'] as string | undefined;
      } catch {
        return undefined; // it has not asked yet
      }
    });

  it.each([
    [{ allow: true }, { behavior: 'allow' }],
    [{ allow: true, text: 'say "allow":false' }, { behavior: 'allow' }],
    [{ allow: false }, { behavior: 'deny', message: 'This was not allowed.' }],
    [
      { allow: false, text: 'No: "allow": true is \\ not\nwhat $(I) `say` %s.' },
      { behavior: 'deny', message: 'No: "allow": true is \\ not\nwhat $(I) `say` %s.' },
    ],
  ])('passes %j on', async (answer, expected) => {
    const asking = ask(60_000);
    const id = await askId();
    writeFileSync(join(answersDir, `${id}.json`), JSON.stringify(answer));
    const { exitCode, output } = await asking;
    expect(exitCode).toBe(0);
    expect(decision(output)).toEqual(expected);
    expect(written()).toEqual([
      { ask_id: id, hook_event_name: 'PermissionRequest', tool_name: 'Bash' },
      { ask_id: id, hook_event_name: 'PermissionAnswered' },
    ]);
  });

  it('takes no answer for a no', async () => {
    const { output } = await ask(500);
    expect(decision(output)).toEqual({ behavior: 'deny', message: 'Nobody answered in time.' });
  });

  it('ends with the agent that asks', async () => {
    const path = join(dir, 'ask.sh');
    writeFileSync(path, askScript({ eventsPath, answersDir, limitMs: 600_000 }), { mode: 0o700 });
    const input = join(dir, 'input');
    writeFileSync(input, request);
    const program = '"$0" < "$1" & echo $!; wait';
    const agent = spawn('sh', ['-c', program, path, input], { stdio: ['ignore', 'pipe', 'ignore'] });
    const [text] = (await once(agent.stdout, 'data')) as [Buffer];
    const pid = Number(text.toString());
    await askId();
    agent.kill('SIGKILL');
    await waitUntil(() => {
      try {
        return !process.kill(pid, 0);
      } catch {
        return true;
      }
    });
  });
});
