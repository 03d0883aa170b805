import type { GenericAgentConfig } from '../../../contracts/schemas/agents';
import type { AgentEvent, TurnState } from '../turn-state';
import type { AgentKind, ScreenLook } from './agent-kind';
import { classifyFailure } from './classify-failure';
import { readHookEvent } from './hook-events';

/** Any program: the configuration says what its readiness, acceptance and end look like. */
export function genericAgent(config: GenericAgentConfig): AgentKind {
  const other = config.backend === 'tmux' ? 'headless' : 'tmux';
  return {
    name: 'generic',
    backends: [config.backend, other],
    resumes: config.resume !== undefined,
    terminal: {
      box: new RegExp(config.box, 'u'),
      ready: config.ready,
      accepted: config.accepted,
      interrupt: config.interrupt,
      ...(config.dialog !== undefined && { readDialog: dialogReader(config.dialog) }),
      ...(typeof config.finished === 'object' && { readScreen: screenReader(config.finished) }),
    },
    passes: [],
    start: ({ resume }) => ({
      argv: [...config.command, ...resumeOptions(config, resume)],
      env: {},
      files: {},
      ...(resume !== undefined && { conversation: resume }),
    }),
    readJournal: readHookEvent,
    // Printed events are trusted as those of the journal are; a program that reports none is judged by its exit.
    readOutput: (line) => readHookEvent(line).map((event) => (event.kind === 'prompt' ? { kind: 'accepted' } : event)),
    ...(config.finished === 'exit' && { atExit: exitEvent }),
    classifyFailure,
  };
}

function resumeOptions({ resume: options = [] }: GenericAgentConfig, conversation: string | undefined): string[] {
  if (conversation === undefined) return [];
  return options.map((option) => option.replaceAll('{id}', conversation));
}

function dialogReader(pattern: string): (lines: readonly string[]) => string | undefined {
  const line = new RegExp(pattern, 'u');
  return (lines) => lines.find((text) => line.test(text))?.trim();
}

function exitEvent(exitCode: number): AgentEvent {
  if (exitCode === 0) return { kind: 'finished' };
  return { kind: 'failed', reason: `exit code ${exitCode}`, message: `The agent ended with exit code ${exitCode}.` };
}

type Finished = Extract<GenericAgentConfig['finished'], object>;

function screenReader(finished: Finished): (look: ScreenLook, state: TurnState) => AgentEvent | undefined {
  if ('quiet-ms' in finished) {
    return (look, state) =>
      state.acceptances > 0 && look.quietMs >= finished['quiet-ms'] ? { kind: 'finished' } : undefined;
  }
  const line = new RegExp(finished.line, 'u');
  return (look, state) => {
    const found = state.acceptances > 0 ? look.lines.find((text) => line.test(text)) : undefined;
    return found === undefined ? undefined : { kind: 'finished', message: found.trim() };
  };
}
