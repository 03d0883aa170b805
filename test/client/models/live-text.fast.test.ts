import fc from 'fast-check';
import { LiveText, type Piece } from '../../../client/models/live-text';

const TAIL = 8;

/** What a heartbeat says when so much of an answer is there. */
function seen(answer: string, characters: number) {
  const from = Math.max(0, characters - TAIL);
  return { asking: 'a/one', characters, tail: { from, text: answer.slice(from, characters) } };
}

/** What stands on the screen. */
function screen(pieces: readonly Piece[]): string {
  return pieces.reduce((shown, { anew, text }) => (anew ? text : shown + text), '');
}

it('each piece is shown once as it comes, and the rest at the end', () => {
  const live = new LiveText();
  const answer = 'one two three';
  expect(live.hear('1', seen(answer, 3)).text).toBe('one');
  expect(live.hear('1', seen(answer, 3)).text).toBe('');
  expect(live.hear('1', seen(answer, 9)).text).toBe(' two t');
  expect(live.end(answer)).toEqual({ anew: false, text: 'hree' });
});

it('after a piece that was missed nothing is shown until the end, and then all of it', () => {
  const live = new LiveText();
  const answer = 'a'.repeat(5) + 'b'.repeat(30);
  live.hear('1', seen(answer, 5));
  expect(live.hear('1', seen(answer, 30)).text).toBe('');
  expect(live.end(answer).text).toBe('b'.repeat(30));
});

it('the answer of another call begins anew', () => {
  const live = new LiveText();
  live.hear('1', seen('half an', 7));
  expect(live.hear('2', seen('A whole one', 3))).toEqual({ anew: true, text: 'A w' });
  expect(live.end('A whole one')).toEqual({ anew: false, text: 'hole one' });
});

it('a heartbeat without a tail, as for somebody who does not watch, shows nothing', () => {
  expect(new LiveText().hear('1', { asking: 'a/one', characters: 5 })).toEqual({ anew: false, text: '' });
});

it('whatever is heard and missed, and whoever broke off before, the answer stands there whole', () => {
  const looks = fc.array(fc.nat(60), { maxLength: 20 }).map((at) => [...at].sort((one, other) => one - other));
  const property = fc.property(
    fc.array(fc.tuple(fc.string({ maxLength: 60 }), looks), { maxLength: 3 }),
    fc.string({ maxLength: 60 }),
    looks,
    (broken, answer, last) => {
      const live = new LiveText();
      const pieces = [...broken, [answer, last] as const].flatMap(([text, at], call) =>
        at.map((characters) => live.hear(`${call}`, seen(text, Math.min(characters, text.length)))),
      );
      expect(screen([...pieces, live.end(answer)])).toBe(answer);
    },
  );
  fc.assert(property);
});
