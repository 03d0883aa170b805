import { agentConfig } from '../../../../contracts/schemas/agents';
import type { AgentKind } from '../../../../activities/sessions/agents/agent-kind';
import { makeAgent } from '../../../../activities/sessions/agents/make-agent';

const context = {
  backend: 'tmux',
  cwd: '/a b/work"tree',
  dir: "/home/agents/it's",
  eventsPath: '/home/agents/events.jsonl',
  answersDir: '/home/agents/answers',
  conversationId: '11111111-1111-4111-8111-111111111111',
} as const;
const make = (config: Record<string, unknown>) => makeAgent(agentConfig.parse(config));
const argsOf = (kind: AgentKind, more = {}) => kind.start({ ...context, ...more }).argv.join(' ');

describe('claude', () => {
  it('begins a conversation under an id that is known before, or goes on in one', () => {
    const claude = make({ kind: 'claude', model: 'fable' });
    expect(argsOf(claude)).toContain(`--session-id ${context.conversationId} --model fable`);
    expect(claude.start(context).conversation).toBe(context.conversationId);
    expect(argsOf(claude, { resume: 'c-1' })).toContain('--resume c-1');
    expect(argsOf(claude, { resume: 'c-1' })).not.toContain('--session-id');
    expect(claude.start({ ...context, resume: 'c-1' }).conversation).toBe('c-1');
  });

  it('says its permission mode always, and asks by a script only where it is to ask', () => {
    expect(argsOf(make({ kind: 'claude' }))).toContain('--permission-mode bypassPermissions');
    const asks = make({ kind: 'claude', permissions: 'ask', 'answer-ms': 60_000 });
    expect(argsOf(asks)).toContain('--permission-mode default');
    const { files } = asks.start(context);
    const { hooks } = JSON.parse(files['claude-settings.json']!.content) as Settings;
    expect(hooks['PermissionRequest']![0]!.hooks[0]).toEqual({
      type: 'command',
      command: `exec '/home/agents/it'\\''s/ask.sh'`,
      timeout: 70,
    });
    expect(hooks['Stop']![0]!.hooks[0]!.command).toContain('hook.sh');
    expect(files['ask.sh']).toMatchObject({ executable: true });
    expect(make({ kind: 'claude' }).start(context).files).not.toHaveProperty('ask.sh');
  });

  it('without a terminal does not tell twice what it prints', () => {
    const { files } = make({ kind: 'claude' }).start({ ...context, backend: 'headless' });
    expect((JSON.parse(files['claude-settings.json']!.content) as Settings).hooks).toEqual({});
  });
});

describe('codex', () => {
  it('trusts the place of the work and its own hooks for this start alone, and leaves no server behind', () => {
    const { argv } = make({ kind: 'codex' }).start(context);
    expect(argv).toContain('projects={"/a b/work\\"tree"={"trust_level"="trusted"}}');
    expect(argv).toEqual(expect.arrayContaining(['--no-daemon', '--dangerously-bypass-hook-trust']));
    expect(argv.join(' ')).toContain('-a never -s danger-full-access');
    expect(argv.join(' ')).not.toContain('notify');
  });

  it('goes on in a conversation, in a terminal and without one', () => {
    const codex = make({ kind: 'codex' });
    expect(argsOf(codex, { resume: 'c-1' })).toMatch(/^codex resume c-1 /);
    expect(argsOf(codex, { resume: 'c-1', backend: 'headless' })).toMatch(/^codex exec .* resume c-1 -$/);
  });

  it('that is to ask needs a terminal', () => {
    const asks = make({ kind: 'codex', permissions: 'ask' });
    expect(asks.backends).toEqual(['tmux']);
    expect(argsOf(asks)).toContain('-a on-request -s workspace-write');
  });
});

describe('a generic agent', () => {
  it('goes on in a conversation as it is configured, or not at all', () => {
    const resumes = make({ kind: 'generic', command: ['comet'], resume: ['--resume', '{id}'] });
    expect(resumes.resumes).toBe(true);
    expect(argsOf(resumes)).toBe('comet');
    expect(argsOf(resumes, { resume: 'c-1' })).toBe('comet --resume c-1');
    expect(make({ kind: 'generic', command: ['comet'] }).resumes).toBe(false);
  });

  it('has the dialogs that are configured', () => {
    const { terminal } = make({ kind: 'generic', command: ['comet'], dialog: '^Trust this folder' });
    expect(terminal?.readDialog?.(['', 'Trust this folder? (y/n)'])).toBe('Trust this folder? (y/n)');
    expect(terminal?.readDialog?.(['I will not trust.'])).toBeUndefined();
  });
});

interface Settings {
  readonly hooks: Readonly<Record<string, readonly { readonly hooks: readonly { readonly command: string }[] }[]>>;
}
