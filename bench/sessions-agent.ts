import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, readFileSync } from 'node:fs';
import { parsePrompt, type AgentSays } from './sessions/agent-log';

// A small program that behaves as a coding agent does in a terminal: a prompt box, bracketed pastes, the events that
// hooks report. What it took and did stands in $GANTRY_AGENT_LOG, with the time: that file is the truth.

const PASTE_START = '\x1b[200~';
const PASTE_END = '\x1b[201~';
const TASK_LINE = /^Read the file (\S+) and do what it says\./;

let box = '';
let unread = '';
let pasting = false;
let busy = false;

function open(): void {
  log({ what: 'started' });
  process.stdin.setRawMode?.(true);
  process.stdin.on('data', (chunk: Buffer) => receive(chunk.toString('utf8')));
  process.stdout.write('\x1b[?2004h');
  draw();
  emit('SessionStart', { source: 'startup' });
}

function receive(text: string): void {
  unread += text;
  while (unread !== '') {
    if (unread.startsWith(PASTE_START)) [pasting, unread] = [true, unread.slice(PASTE_START.length)];
    else if (unread.startsWith(PASTE_END)) {
      [pasting, unread] = [false, unread.slice(PASTE_END.length)];
      log({ what: 'pasted' });
    } else if (unread.startsWith('\x1b') && unread.length < PASTE_START.length) return;
    else {
      press(unread[0]!);
      unread = unread.slice(1);
    }
  }
  draw();
}

function press(key: string): void {
  if (pasting) box += key;
  else if (key === '\r' && box !== '' && !busy) submit();
  else if (key === '\x15') box = '';
  else if (key === '\x03') process.exit(130);
  else if (key >= ' ') box += key;
}

function submit(): void {
  const typed = box;
  box = '';
  busy = true;
  const file = TASK_LINE.exec(typed)?.[1];
  const task = file === undefined ? typed : readFileSync(file, 'utf8');
  const { run, workMs, children } = parsePrompt(task);
  const sha256 = createHash('sha256').update(task).digest('hex');
  log({ what: 'prompt', run, sha256, bytes: Buffer.byteLength(task) });
  emit('UserPromptSubmit', { prompt: typed });
  if (children) leaveChildren(run);
  setTimeout(() => {
    busy = false;
    draw();
    log({ what: 'done', run });
    emit('Stop', { last_assistant_message: 'done' });
  }, workMs);
}

/** As tools of agents do: one that left its session and does not listen, and one that is plain. */
function leaveChildren(run: string): void {
  const deaf = "trap '' TERM HUP INT; while :; do sleep 1; done";
  const stubborn = spawn('/bin/sh', ['-c', deaf], { detached: true, stdio: 'ignore' });
  const plain = spawn('sleep', ['600'], { stdio: 'ignore' });
  for (const { pid } of [stubborn, plain]) log({ what: 'child', run, child: pid! });
}

function draw(): void {
  process.stdout.write(
    `\x1b[2J\x1b[Ha small agent${busy ? ', working' : ''}\r\n\r\n› ${box.replaceAll('\n', '\r\n  ')}`,
  );
}

function emit(name: string, payload: object): void {
  append(process.env['GANTRY_EVENTS'], { hook_event_name: name, ...payload });
}

function log(said: AgentSays): void {
  const agent = process.env['GANTRY_EVENTS']?.split('/').at(-2) ?? '';
  append(process.env['GANTRY_AGENT_LOG'], { ...said, at: Date.now(), pid: process.pid, agent });
}

// One short write: lines of many agents in one file stay whole.
function append(path: string | undefined, entry: object): void {
  if (path !== undefined) appendFileSync(path, `${JSON.stringify(entry)}\n`);
}

open();
