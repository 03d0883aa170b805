// A small agent for tests: a prompt box in a terminal, events as coding agents report them, and the vices that real
// ones have, each behind a flag. It logs every prompt it takes to $GANTRY_AGENT_LOG: that file is the truth.
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { Buffer } from 'node:buffer';
import { clearInterval, setInterval, setTimeout } from 'node:timers';
import { parseArgs } from 'node:util';

const { values: flags } = parseArgs({
  options: {
    'ready-after': { type: 'string', default: '0' },
    'draws-early': { type: 'boolean', default: false },
    'swallow-enters': { type: 'string', default: '0' },
    'swallow-pastes': { type: 'string', default: '0' },
    'ignore-enter': { type: 'boolean', default: false },
    'never-report': { type: 'boolean', default: false },
    'accept-after': { type: 'string', default: '0' },
    'work-ms': { type: 'string', default: '50' },
    'wait-for': { type: 'string' },
    crash: { type: 'boolean', default: false },
    hang: { type: 'boolean', default: false },
    deaf: { type: 'boolean', default: false },
    fail: { type: 'string' },
    children: { type: 'boolean', default: false },
    garbage: { type: 'boolean', default: false },
    dialog: { type: 'boolean', default: false },
    ask: { type: 'boolean', default: false },
    silent: { type: 'boolean', default: false },
    commits: { type: 'string', default: '0' },
    leave: { type: 'string' },
    output: { type: 'string' },
    print: { type: 'boolean', default: false },
    resume: { type: 'string' },
    'die-at-start': { type: 'boolean', default: false },
  },
});

let box = '';
let pasting = false;
let pending = '';
let busy = false;
let ready = false;
let asks = 0;
let done = false;
let swallowEnters = Number(flags['swallow-enters']);
let swallowPastes = Number(flags['swallow-pastes']);

const conversation = flags.resume ?? `s-${process.pid}`;
let answered = () => undefined;
log({ what: 'started', pid: process.pid, ...(flags.resume !== undefined && { resumed: flags.resume }) });
if (flags['die-at-start']) process.exit(1);
if (flags.deaf) for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => undefined);
if (flags.print) await printMode();
else terminalMode();

async function printMode() {
  let prompt = '';
  for await (const chunk of process.stdin) prompt += chunk;
  await turn(prompt);
  process.exit(flags.fail === undefined ? 0 : 1);
}

function terminalMode() {
  process.stdin.setRawMode?.(true);
  process.stdin.on('data', (chunk) => {
    if (ready || !flags['draws-early']) return receive(chunk.toString('utf8'));
    log({ what: 'lost', key: chunk.toString('utf8') });
  });
  const starting = flags['draws-early'] ? setInterval(() => draw(`starting… ${Date.now()}`), 50) : undefined;
  if (flags.dialog) {
    process.stdout.write('Do you trust the files in this folder?\r\n❯ 1. No, exit\r\n  2. Yes\r\n');
    return;
  }
  setTimeout(() => {
    ready = true;
    clearInterval(starting);
    process.stdout.write('\x1b[?2004h');
    draw();
    const source = flags.resume === undefined ? 'startup' : 'resume';
    emit({ hook_event_name: 'SessionStart', session_id: conversation, source });
  }, Number(flags['ready-after']));
}

function receive(text) {
  pending += text;
  while (pending !== '') {
    if (pending.startsWith('\x1b[200~')) [pasting, pending] = [true, pending.slice(6)];
    else if (pending.startsWith('\x1b[201~')) {
      [pasting, pending] = [false, pending.slice(6)];
      if (swallowPastes-- > 0) box = '';
      draw();
    } else if (pending.startsWith('\x1b[') && pending.length < 6) return;
    else {
      const [first] = pending;
      pending = pending.slice(first.length);
      press(first);
    }
  }
}

function press(key) {
  if (flags.dialog) {
    log({ what: 'key', key });
    if (key === '\r') process.exit(1);
    return;
  }
  if (key === 'y' && busy && !pasting) answered();
  if (pasting) box += key;
  else if (key === '\r') enter();
  else if (key === '\x15') box = '';
  else if (key === '\x03') process.exit(130);
  else if (key >= ' ' || key === '\n') box += key;
  if (!pasting) draw();
}

function enter() {
  if (flags['ignore-enter'] || box === '') return;
  if (swallowEnters-- > 0) return;
  const prompt = box;
  box = '';
  setTimeout(() => void turn(prompt), Number(flags['accept-after']));
}

function draw(status = 'a small agent') {
  process.stdout.write(
    `\x1b[2J\x1b[H${status}\r\n\r\n${busy ? 'working…\r\n\r\n' : done ? 'all done\r\n\r\n' : ''}› ${box.replaceAll('\n', '\r\n  ')}`,
  );
}

async function turn(prompt) {
  const file = /^Read the file (\S+) and/.exec(prompt)?.[1];
  const task = file !== undefined && existsSync(file) ? readFileSync(file, 'utf8') : prompt;
  log({
    what: 'prompt',
    dispatch: process.env.GANTRY_DISPATCH,
    prompt,
    sha256: sha256(task),
    bytes: Buffer.byteLength(task),
    cwd: process.cwd(),
  });
  if (flags['never-report']) return;
  busy = true;
  if (!flags.print) draw();
  if (flags.garbage) garbage();
  emit({ hook_event_name: 'UserPromptSubmit', prompt });
  if (flags.children) leaveChildren();
  if (flags.ask) await ask();
  if (flags.hang) await new Promise(() => setInterval(() => undefined, 60_000));
  await waitFor();
  if (flags.crash) process.kill(process.pid, 'SIGKILL');
  if (flags.fail !== undefined)
    return emit({
      hook_event_name: 'StopFailure',
      error: flags.fail,
      last_assistant_message: `API Error: ${flags.fail}`,
    });
  for (let n = 1; n <= Number(flags.commits); n += 1) commit(n);
  if (flags.leave !== undefined) writeFileSync(flags.leave, 'not committed\n');
  if (flags.output !== undefined) writeFileSync(process.env.GANTRY_OUTPUT, flags.output);
  emit({ hook_event_name: 'PostToolUse', tool_name: 'Edit', tool_input: { file_path: 'a.txt' } });
  busy = false;
  done = true;
  if (!flags.print) draw();
  emit({
    hook_event_name: 'Stop',
    last_assistant_message: `did: ${prompt.slice(0, 40)}`,
    usage: { input_tokens: 11, output_tokens: 7 },
  });
  log({ what: 'done' });
}

// Answered by a file, as other people's decisions come, or by a key at the terminal.
async function ask() {
  const id = `ask-${++asks}`;
  const tool = { tool_name: 'Bash', tool_input: { command: 'rm -rf build' } };
  emit({ hook_event_name: 'PermissionRequest', ask_id: id, ...tool });
  const file = `${process.env.GANTRY_ANSWERS}/${id}.json`;
  const how = await new Promise((resolve) => {
    answered = () => resolve('key');
    const timer = setInterval(() => existsSync(file) && resolve(JSON.parse(readFileSync(file, 'utf8'))), 20);
    timer.unref?.();
  });
  log({ what: 'answered', how });
  emit({ hook_event_name: 'PermissionAnswered', ask_id: id });
}

async function waitFor() {
  await new Promise((resolve) => setTimeout(resolve, Number(flags['work-ms'])));
  while (flags['wait-for'] !== undefined && !existsSync(flags['wait-for']))
    await new Promise((resolve) => setTimeout(resolve, 25));
}

function commit(n) {
  writeFileSync(`work-${n}.txt`, `${process.env.GANTRY_DISPATCH}\n`);
  const git = (...args) =>
    execFileSync('git', ['-c', 'user.name=Agent', '-c', 'user.email=agent@example.com', ...args]);
  git('add', `work-${n}.txt`);
  git('commit', '-q', '-m', `work ${n}`);
}

// One in its own session that ignores SIGTERM, one plain: what tools of agents leave behind.
function leaveChildren() {
  const stubborn = spawn('/bin/sh', ['-c', "trap '' TERM HUP INT; while :; do sleep 1; done"], {
    detached: true,
    stdio: 'ignore',
  });
  const plain = spawn('sleep', ['600'], { stdio: 'ignore' });
  for (const child of [stubborn, plain]) log({ what: 'child', pid: child.pid });
}

function garbage() {
  process.stdout.write('\x1b[?1049h\x1b[31m\xff\xfe}{"hook_event_name":"Stop"\x1b[0m\x07\x1b[?1049l');
  if (process.env.GANTRY_EVENTS)
    appendFileSync(process.env.GANTRY_EVENTS, '{"hook_event_name":"St\n\u0000\u0001 not json\n[1,2]\nnull\n');
}

function emit(event) {
  if (flags.silent) return;
  appendFileSync(process.env.GANTRY_EVENTS, `${JSON.stringify(event)}\n`);
}

function log(entry) {
  if (process.env.GANTRY_AGENT_LOG) appendFileSync(process.env.GANTRY_AGENT_LOG, `${JSON.stringify(entry)}\n`);
}

function sha256(text) {
  return createHash('sha256').update(text).digest('hex');
}
