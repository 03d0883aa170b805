import { settlePrompt } from '../../../../activities/sessions/agents/agent-kind';
import { INITIAL_TURN, reduceTurn, type AgentEvent } from '../../../../activities/sessions/turn-state';
import { agentOf, CLAUDE, CODEX } from './recorded';

const claude = agentOf('claude');
const codex = agentOf('codex');
const heard = (lines: readonly string[], of: typeof claude): AgentEvent[] =>
  lines.flatMap((line) => of.readJournal(line)).map((event) => settlePrompt(event, () => true));
const logged = (lines: readonly string[], of: typeof claude): AgentEvent[] =>
  lines.flatMap((line) => of.readTranscript?.(line) ?? []);

describe("Claude Code's log", () => {
  const { hooks, log } = CLAUDE;
  const before = heard([hooks.SessionStart, hooks.UserPromptSubmit, hooks.Stop], claude).reduce(
    reduceTurn,
    INITIAL_TURN,
  );

  it('tells what a turn cost, each request once, after the turn was over', () => {
    const events = logged([log.answer, log.moreOfIt, log.toolResult, log.nextAnswer, log.ofSubagent, log.end], claude);
    expect(events.reduce(reduceTurn, before)).toMatchObject({
      phase: 'finished',
      usage: { inputTokens: 11 + 17, outputTokens: 14 },
      logged: true,
    });
  });

  it('says where a turn begins: earlier ones do not count', () => {
    const working = heard([hooks.SessionStart, hooks.UserPromptSubmit], claude).reduce(reduceTurn, INITIAL_TURN);
    const events = logged([log.prompt, log.answer, log.end, log.prompt, log.nextAnswer], claude);
    const state = events.reduce(reduceTurn, working);
    expect(state).toMatchObject({ usage: { inputTokens: 17, outputTokens: 7 } });
    expect(state).not.toHaveProperty('logged');
  });
});

describe("Codex's log", () => {
  const { hooks, log } = CODEX;
  const before = heard([hooks.SessionStart, hooks.UserPromptSubmit, hooks.Stop], codex).reduce(
    reduceTurn,
    INITIAL_TURN,
  );

  it('tells the end of the turn and what it cost', () => {
    expect(before.phase).not.toBe('finished');
    const events = logged([log.meta, log.start, log.spent, log.end], codex);
    expect(events.reduce(reduceTurn, before)).toMatchObject({
      phase: 'finished',
      message: 'I added new.txt.',
      usage: { inputTokens: 11, outputTokens: 7 },
      logged: true,
    });
  });

  it('tells a failure, which no hook does', () => {
    const state = logged([log.start, log.failure], codex).reduce(reduceTurn, before);
    expect(state.phase).toBe('failed');
    expect(codex.classifyFailure(state.failure!, 0)).toMatchObject({ type: 'Provider.RateLimited' });
  });

  it('tells an interruption', () => {
    const state = logged([log.start, log.aborted], codex).reduce(reduceTurn, before);
    expect(state).toMatchObject({ phase: 'failed', failure: { reason: 'interrupted' } });
  });

  it('of a conversation that is gone on with does not end the turn with the end of an earlier one', () => {
    const state = logged([log.earlierEnd, log.start], codex).reduce(reduceTurn, before);
    expect(state.phase).toBe('accepted');
  });
});

it.each([
  ['{"pid":7,"status":"idle","sessionId":"s"}', 'idle'],
  ['{"pid":7,"status":"busy"}', 'busy'],
  ['{"pid":7,"status":"shell"}', 'busy'],
  ['{"pid":7,"status":"waiting","waitingFor":"permission prompt"}', 'waiting'],
  ['{"pid":7,"stat', undefined],
  ['{"status":"new"}', undefined],
])("Claude Code's file of its process: %s is %s", (text, status) => {
  expect(claude.readStatus?.(text)).toBe(status);
});

it('the file of a process lies where Claude Code has its configuration', () => {
  expect(claude.statusFile?.(7, { HOME: '/home/a' })).toBe('/home/a/.claude/sessions/7.json');
  expect(claude.statusFile?.(7, { HOME: '/home/a', CLAUDE_CONFIG_DIR: '/c' })).toBe('/c/sessions/7.json');
  expect(claude.statusFile?.(7, {})).toBeUndefined();
});
