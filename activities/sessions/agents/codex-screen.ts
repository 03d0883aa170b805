import type { TerminalTraits } from './agent-kind';
import { readDialog, type DialogRow } from './dialogs';

const DIALOG_FOOT = /\benter (to )?(continue|confirm)\b.*\besc\b/i;
const DIALOGS: readonly DialogRow[] = [
  [/Trust this folder|Do you trust/i, 'whether to trust this folder'],
  [/Hooks need review/, 'whether to trust its hooks'],
  [/Update available/i, 'whether to update itself'],
  [/Sign in|log ?in/i, 'for a login'],
  [/Would you like to|Allow /, 'for a permission'],
];

/** Codex in a terminal. */
export const CODEX_TERMINAL: TerminalTraits = {
  box: /^› ?/u,
  placeholder: /^Ask Codex to do anything/u,
  ready: 'screen', // its first event comes with the first prompt
  accepted: 'event',
  // Longer pastes are shown as a count of characters, which nobody can check.
  inline: { characters: 800, lines: 3 },
  readDialog: (lines) => readDialog(lines, DIALOG_FOOT, DIALOGS),
  interrupt: 'Escape',
};
