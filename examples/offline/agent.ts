import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { AgentEvents } from './agent-events';
import { PromptBox } from './prompt-box';
import { workOn } from './work-on';

// The offline agent: a small program that behaves as a coding agent does. In a terminal it shows a prompt box and
// takes a pasted prompt; with `--print` it takes one prompt on standard input and ends. Everything that thinks is
// behind GANTRY_OFFLINE_MODEL_URL.

const TASK_LINE = /^Read the file (.+) and do what it says\./;

async function main(): Promise<void> {
  if (process.argv.includes('--print')) return printMode();
  terminalMode();
}

async function printMode(): Promise<void> {
  const events = new AgentEvents((line) => process.stdout.write(`${line}\n`));
  events.emit('SessionStart', { source: 'startup' });
  const prompt = await text(process.stdin);
  const done = await turn(prompt, events, new AbortController().signal, () => undefined);
  process.exitCode = done ? 0 : 1;
}

function terminalMode(): void {
  const events = new AgentEvents();
  let interrupt: AbortController | undefined;
  const box = new PromptBox({
    onSubmit: async (prompt) => {
      interrupt = new AbortController();
      box.busy('thinking');
      await turn(prompt, events, interrupt.signal, (line) => box.print(line));
      interrupt = undefined;
      box.idle();
    },
    onInterrupt: () => interrupt?.abort(),
    onQuit: () => process.exit(0),
  });
  box.open('offline agent: a script plays the model. Paste a prompt; Esc interrupts, Ctrl-D leaves.');
  events.emit('SessionStart', { source: 'startup' });
}

/** One prompt from acceptance to its end; true when it was done. */
async function turn(
  typed: string,
  events: AgentEvents,
  signal: AbortSignal,
  print: (line: string) => void,
): Promise<boolean> {
  events.accept(typed);
  try {
    const said = await workOn(readTask(typed), { cwd: process.cwd(), signal, events, print });
    print(said);
    events.emit('Stop', { last_assistant_message: said });
    return true;
  } catch (error) {
    if (signal.aborted) events.emit('Interrupt', {});
    else events.fail(error);
    print(signal.aborted ? 'interrupted' : `failed: ${error instanceof Error ? error.message : String(error)}`);
    return false;
  }
}

// Long prompts come as a file, and one line that names it.
function readTask(typed: string): string {
  const path = TASK_LINE.exec(typed)?.[1];
  return path === undefined ? typed : readFileSync(path, 'utf8');
}

void main();
