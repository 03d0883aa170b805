import { readBox } from '../../../../activities/sessions/tmux/prompt-box';
import { agentOf } from './recorded';

const claude = agentOf('claude').terminal!;
const codex = agentOf('codex').terminal!;
const FRAME = '─'.repeat(40);

const CLAUDE_IDLE = [
  '● done',
  '',
  '✻ Cooked for 0s',
  FRAME,
  '❯\u00a0',
  FRAME,
  '  ⏵⏵ bypass permissions on (shift+tab to cycle)',
];
const CODEX_IDLE = [
  '• done',
  '',
  '› Ask Codex to do anything',
  '',
  '  scripted default · /w',
  '  ← for agents · ? for shortcuts',
];

describe('Claude Code on the screen', () => {
  it.each([
    [
      'for a permission',
      ' touch it',
      ' Do you want to proceed?',
      ' ❯ 1. Yes',
      '   4. No',
      ' Esc to cancel · Tab to amend',
    ],
    [
      'whether to trust this folder',
      ' Accessing workspace:',
      ' ❯ No, exit',
      '   Yes, I trust this folder',
      ' Enter to confirm · Esc to cancel',
    ],
    [
      'whether to use the API key of its environment',
      '  Detected a custom API key in your environment',
      '  ❯ No (recommended)',
      '  Enter to confirm · Esc to cancel',
    ],
    [
      'whether to work without asking for permissions',
      '  WARNING: Claude Code running in Bypass Permissions mode',
      '    Yes, I accept',
      '  Enter to confirm · Esc to cancel',
    ],
    ['something that only a person can answer', '  A new kind of question', '  Enter to confirm · Esc to cancel'],
  ])('asks %s', (name, ...screen) => {
    expect(claude.readDialog?.([...screen, '', ''])).toBe(name);
  });

  it('asks nothing where only its words are like a dialog', () => {
    expect(claude.readDialog?.(['● Enter to confirm was what I read.', ...CLAUDE_IDLE])).toBeUndefined();
    expect(claude.readDialog?.(['● Do you want to proceed?', ...CLAUDE_IDLE])).toBeUndefined();
  });

  it('has an empty box when it waits for a prompt, and hints in it', () => {
    expect(readBox(CLAUDE_IDLE, claude.box, 'x')).toBe('empty');
    expect(claude.placeholder?.test('Once fixed, resend your message')).toBe(true);
    expect(claude.placeholder?.test('Add a file.')).toBe(false);
  });
});

describe('Codex on the screen', () => {
  it.each([
    [
      'whether to trust this folder',
      '  Folder access',
      '  Trust this folder? Codex can read it.',
      '› 1. Trust and continue',
      '  enter continue · esc back',
    ],
    ['whether to trust its hooks', '  Hooks need review', '› 1. Review hooks', '  enter confirm · esc skip'],
    [
      'for a permission',
      '  Would you like to run the following command?',
      '› 1. Yes, proceed (y)',
      '  Press enter to confirm or esc to cancel',
    ],
  ])('asks %s', (name, ...screen) => {
    expect(codex.readDialog?.([...screen, ''])).toBe(name);
  });

  it('asks nothing while it works or waits', () => {
    expect(codex.readDialog?.(CODEX_IDLE)).toBeUndefined();
    expect(codex.readDialog?.(['◦ Working (1s • esc to interrupt)', ...CODEX_IDLE])).toBeUndefined();
  });

  it('shows a hint in its empty box', () => {
    const line = CODEX_IDLE.find((text) => codex.box.test(text))!;
    expect(codex.placeholder?.test(line.replace(codex.box, ''))).toBe(true);
  });
});
