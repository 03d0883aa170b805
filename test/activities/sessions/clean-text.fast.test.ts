import fc from 'fast-check';
import { cleanText, fitsBox, squash } from '../../../activities/sessions/clean-text';

const anyText = fc.string({ unit: 'binary', maxLength: 200 });

describe('text for a terminal', () => {
  it('cannot press a key', () => {
    fc.assert(fc.property(anyText, (text) => !/[\x00-\x08\x0b-\x1f\x7f-\x9f]/.test(cleanText(text))));
  });

  it('cannot end the paste it is in', () => {
    expect(cleanText('a\x1b[201~\rb')).toBe('a[201~\nb');
  });

  it('that fits a box is typed as it is', () => {
    fc.assert(fc.property(anyText, (text) => !fitsBox(text) || cleanText(text) === text));
  });

  it('that fits a box can be told from an empty one', () => {
    fc.assert(fc.property(anyText, (text) => !fitsBox(text) || squash(text) !== ''));
  });

  it.each(['', ' ', '/clear', '!ls', 'a\n\nb', 'a ', 'a\tb', 'x'.repeat(801), 'a\nb\nc\nd', '日本', 'a\u200bb', '👍'])(
    'that a box might change goes as a file: %j',
    (text) => {
      expect(fitsBox(text)).toBe(false);
    },
  );

  it.each(['Fix it.', 'a\nb\nc', 'x'.repeat(800), 'naïve "quotes" $(x) `y` ; #{z} %s', '#1 @file -x'])(
    'that it does not change is typed: %j',
    (text) => {
      expect(fitsBox(text)).toBe(true);
    },
  );
});
