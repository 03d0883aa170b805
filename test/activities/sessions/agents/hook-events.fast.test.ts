import { settlePrompt } from '../../../../activities/sessions/agents/agent-kind';
import { readHookEvent } from '../../../../activities/sessions/agents/hook-events';
import { INITIAL_TURN, reduceTurn } from '../../../../activities/sessions/turn-state';
import { agentOf, CLAUDE, CODEX } from './recorded';

const read = (event: unknown) => readHookEvent(JSON.stringify(event));

describe('the hook protocol of coding agents', () => {
  it('tells the start, the prompt, work, questions and the end', () => {
    expect(read({ hook_event_name: 'SessionStart' })).toEqual([{ kind: 'started' }, { kind: 'ready' }]);
    expect(read({ hook_event_name: 'UserPromptSubmit', prompt: 'p' })).toEqual([{ kind: 'prompt', prompt: 'p' }]);
    expect(read({ hook_event_name: 'PostToolUse', tool_name: 'Bash', tool_input: { command: 'ls\n-l' } })).toEqual([
      { kind: 'working', what: 'Bash: ls' },
    ]);
    expect(read({ hook_event_name: 'PermissionRequest', tool_name: 'Edit' })).toEqual([
      { kind: 'blocked', what: 'Edit' },
    ]);
    expect(read({ hook_event_name: 'Question', ask_id: 'q-1', question: 'Which one?' })).toEqual([
      { kind: 'blocked', what: 'Which one?', ask: { id: 'q-1', kind: 'question' } },
    ]);
    expect(read({ hook_event_name: 'QuestionAnswered', ask_id: 'q-1' })).toEqual([{ kind: 'unblocked', askId: 'q-1' }]);
    expect(read({ hook_event_name: 'Stop', last_assistant_message: 'done' })).toEqual([
      { kind: 'finished', background: 0, message: 'done' },
    ]);
  });

  it('does not take the end of a turn for the end of the work while something runs in the background', () => {
    const tasks = [{ status: 'running' }, { status: 'completed' }];
    expect(read({ hook_event_name: 'Stop', background_tasks: tasks })).toEqual([{ kind: 'finished', background: 1 }]);
  });

  it('is told the work and the questions of subagents, and not their turns', () => {
    expect(read({ hook_event_name: 'Stop', agent_id: 'sub-1' })).toEqual([]);
    expect(read({ hook_event_name: 'UserPromptSubmit', agent_id: 'sub-1', prompt: 'p' })).toEqual([]);
    expect(read({ hook_event_name: 'PreToolUse', agent_id: 'sub-1', tool_name: 'Read' })).toMatchObject([
      { kind: 'working' },
    ]);
    expect(read({ hook_event_name: 'PermissionRequest', agent_id: 'sub-1', tool_name: 'Bash' })).toMatchObject([
      { kind: 'blocked' },
    ]);
  });

  it('is not told by noise', () => {
    expect(read({ hook_event_name: 'SomethingNew' })).toEqual([]);
    for (const line of ['', 'Stop', '{"hook_event_name":"St', '[]', 'null', '{}', '7'])
      expect(readHookEvent(line)).toEqual([]);
  });
});

describe('what Claude Code reported', () => {
  const claude = agentOf('claude');
  const session = CLAUDE.session;

  it.each([
    [
      'SessionStart',
      [
        { kind: 'started', session, transcript: CLAUDE.transcript },
        { kind: 'ready', session },
      ],
    ],
    [
      'SessionStart resume',
      [{ kind: 'started', session, transcript: CLAUDE.transcript, anew: true }, { kind: 'ready' }],
    ],
    ['UserPromptSubmit', [{ kind: 'started' }, { kind: 'prompt', session, prompt: 'Add a file.' }]],
    ['PreToolUse', [{ kind: 'working', session, what: 'Bash: echo new > new.txt' }]],
    ['PostToolUse', [{ kind: 'working', session, what: 'Bash: echo new > new.txt' }]],
    [
      'PermissionRequest',
      [{ kind: 'blocked', what: 'Bash: touch allowed.txt', ask: { id: '7-8', kind: 'permission' } }],
    ],
    ['PermissionAnswered', [{ kind: 'unblocked', askId: '7-8' }]],
    ['Stop', [{ kind: 'finished', session, background: 0, message: 'I added new.txt.' }]],
    ['Stop in between', [{ kind: 'finished', background: 1, message: 'Wait for it.' }]],
    ['StopFailure', [{ kind: 'failed', session, reason: 'authentication_failed', message: 'Invalid API key' }]],
    ['SessionEnd', []],
    ['Notification', []],
  ] as const)('%s', (name, expected) => {
    const events = claude.readJournal(CLAUDE.hooks[name]);
    expect(events).toMatchObject(expected);
    expect(events).toHaveLength(expected.length);
  });

  it('comes to a turn that asked, was answered, and is over', () => {
    const names = ['SessionStart', 'UserPromptSubmit', 'PermissionRequest', 'PermissionAnswered', 'Stop'] as const;
    const phases = names.map((_, index) => {
      const events = names.slice(0, index + 1).flatMap((name) => claude.readJournal(CLAUDE.hooks[name]));
      return events.map((event) => settlePrompt(event, () => true)).reduce(reduceTurn, INITIAL_TURN).phase;
    });
    expect(phases).toEqual(['ready', 'accepted', 'blocked', 'busy', 'finished']);
  });
});

describe('what Codex reported', () => {
  const codex = agentOf('codex');
  const { session, turn } = CODEX;

  it.each([
    [
      'SessionStart',
      [
        { kind: 'started', session, transcript: CODEX.transcript },
        { kind: 'ready', session },
      ],
    ],
    [
      'UserPromptSubmit',
      [
        { kind: 'started', transcript: CODEX.transcript },
        { kind: 'prompt', session, turn },
      ],
    ],
    ['PreToolUse', [{ kind: 'working', session, turn, what: 'Bash: echo new > new.txt' }]],
    ['PostToolUse', [{ kind: 'working', session, turn, what: 'Bash: echo new > new.txt' }]],
    ['PermissionRequest', [{ kind: 'blocked', turn, what: 'Bash: touch it', ask: { id: '7-8', kind: 'permission' } }]],
    ['Stop', [{ kind: 'said', session, turn, message: 'I added new.txt.' }]], // its log tells the end
    ['Stop without a log', [{ kind: 'finished', session, turn, message: 'I added new.txt.' }]],
    ['Interrupt', [{ kind: 'interrupted', session, turn }]],
  ] as const)('%s', (name, expected) => {
    const events = codex.readJournal(CODEX.hooks[name]);
    expect(events).toMatchObject(expected);
    expect(events).toHaveLength(expected.length);
  });
});
