import { readHookEvent } from '../../../../activities/sessions/agents/hook-events';
import { classifyFailure } from '../../../../activities/sessions/agents/classify-failure';

const read = (event: unknown) => readHookEvent(JSON.stringify(event));

describe('the hook protocol of coding agents', () => {
  it('tells the start, the prompt, work, questions and the end', () => {
    expect(read({ hook_event_name: 'SessionStart', session_id: 's' })).toEqual([
      { kind: 'started', session: 's' },
      { kind: 'ready' },
    ]);
    expect(read({ hook_event_name: 'UserPromptSubmit', prompt: 'p' })).toEqual([{ kind: 'prompt', prompt: 'p' }]);
    expect(read({ hook_event_name: 'PostToolUse', tool_name: 'Bash', tool_input: { command: 'ls\n-l' } })).toEqual([
      { kind: 'working', what: 'Bash: ls' },
    ]);
    expect(read({ hook_event_name: 'PermissionRequest', tool_name: 'Edit' })).toEqual([
      { kind: 'blocked', what: 'Edit' },
    ]);
    expect(read({ hook_event_name: 'Stop', last_assistant_message: 'done' })).toEqual([
      { kind: 'finished', background: 0, message: 'done' },
    ]);
  });

  it('does not take the end of a turn for the end of the work while something runs in the background', () => {
    const tasks = [{ status: 'running' }, { status: 'completed' }];
    expect(read({ hook_event_name: 'Stop', background_tasks: tasks })).toEqual([{ kind: 'finished', background: 1 }]);
  });

  it('is not told by subagents, nor by noise', () => {
    expect(read({ hook_event_name: 'Stop', agent_id: 'sub-1' })).toEqual([]);
    expect(read({ hook_event_name: 'SomethingNew' })).toEqual([]);
    for (const line of ['', 'Stop', '{"hook_event_name":"St', '[]', 'null', '{}', '7'])
      expect(readHookEvent(line)).toEqual([]);
  });
});

it.each([
  ['rate_limit', '', 'Provider.RateLimited'],
  ['overloaded', '', 'Provider.Overloaded'],
  ['billing_error', '', 'Provider.Quota'],
  ['authentication_failed', '', 'Provider.Auth'],
  ['model_not_found', '', 'Provider.NotFound'],
  ['server_error', '', 'Provider.ServerError'],
  ['turn failed', 'exceeded retry limit, last status: 429', 'Provider.RateLimited'],
  ['turn failed', '{"error":{"type":"invalid_request_error","message":"too long"}}', 'Provider.Request'],
  ['completed', 'Not logged in · Please run /login', 'Provider.Auth'],
  ['unknown', 'I could not do it', 'Agent.Failed'],
  ['unknown', 'The author of the logging module suspended it and was credited.', 'Agent.Failed'],
  ['interrupted', 'Somebody interrupted the turn at the terminal.', 'Agent.Failed'],
])('a failure "%s" "%s" is %s', (reason, message, type) => {
  expect(classifyFailure({ reason, message })).toMatchObject({ type });
});
