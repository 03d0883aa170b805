import { readBox } from '../../../../activities/sessions/tmux/prompt-box';

const read = (screen: string, text = 'add a key') => readBox(screen.split('\n'), /^[›❯>] ?/u, text);

describe('reading a prompt box off a screen', () => {
  it.each([
    ['an empty box', 'hello\n\n› ', 'empty'],
    ['our text', '› add a key', 'ours'],
    ['our text over two lines', '› add a\n  key', 'ours'],
    ['our text in a frame', '╭──────────╮\n│ > add a key │\n╰──────────╯', 'ours'],
    ['an empty box in a frame, with a status line below', '╭────╮\n│ >  │\n╰────╯\n? for help', 'empty'],
    ['an empty box with a status line after a gap', '› \n\n/work · main', 'empty'],
    ['the last of several', '› add a key\n\nworking\n\n› ', 'empty'],
    ['half of it', '› add a', 'other'],
    ['it twice', '› add a keyadd a key', 'other'],
    ['something else', '› remove a key', 'other'],
    ['no box', 'working…', 'unseen'],
    ['nothing', '', 'unseen'],
  ])('sees %s', (_, screen, seen) => {
    expect(read(screen)).toBe(seen);
  });
});
