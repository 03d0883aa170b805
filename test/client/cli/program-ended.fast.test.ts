import { programEnded } from '../../../client/cli/program-ended';

test('a program that ended well ends its command well', () => {
  expect(() => programEnded('gateway', 0)).not.toThrow();
});

test.each([
  [5, 'unreachable', 'The gateway reached no Temporal server.'],
  [1, 'failed', 'The gateway ended with 1.'],
  [null, 'failed', 'The gateway ended with a signal.'],
])('a program that ended with %p ends its command as %s', (code, exit, message) => {
  expect(() => programEnded('gateway', code)).toThrow(expect.objectContaining({ exit, message }) as Error);
});
