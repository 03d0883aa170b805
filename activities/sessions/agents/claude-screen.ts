import type { TerminalTraits } from './agent-kind';
import { readDialog, type DialogRow } from './dialogs';

const DIALOG_FOOT = /^\s*(Enter to (confirm|select)|Esc to cancel)\b/;
const DIALOGS: readonly DialogRow[] = [
  [/Detected a custom API key/, 'whether to use the API key of its environment'],
  [/trust this folder/, 'whether to trust this folder'],
  [/Bypass Permissions mode/, 'whether to work without asking for permissions'],
  [/Select login method|Paste code here|log ?in/i, 'for a login'],
  [/text style|theme/i, 'how it should look'],
  [/Do you want to .+\?/, 'for a permission'],
];

/** Claude Code in a terminal. */
export const CLAUDE_TERMINAL: TerminalTraits = {
  box: /^❯[ \u00a0]?/u,
  placeholder: /^(Try "|Once fixed, resend your message|Press up to edit|Queue another message)/u,
  ready: 'event',
  accepted: 'event',
  // Longer pastes are wrapped in a tag that tells the model not to take them for the user's own words.
  inline: { characters: 800, lines: 3 },
  readDialog: (lines) => readDialog(lines, DIALOG_FOOT, DIALOGS),
  interrupt: 'Escape',
};
