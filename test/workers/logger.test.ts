import { createLogger } from '../../workers/logger';

test('an error in the log has its message, its cause and its stack, and no secret', () => {
  const written: string[] = [];
  const write = jest.spyOn(process.stdout, 'write').mockImplementation((line) => written.push(String(line)) > 0);
  try {
    const log = createLogger('info', (text) => text.replaceAll('key-1', '***'));
    log.error({ error: new Error('no way in with key-1', { cause: new Error('refused') }) }, 'it failed');
  } finally {
    write.mockRestore();
  }
  const [line = ''] = written;
  expect(JSON.parse(line)).toMatchObject({
    msg: 'it failed',
    error: {
      ...{ type: 'Error', message: 'no way in with ***', stack: expect.stringContaining('logger.test') as string },
      cause: { message: 'refused' },
    },
  });
});
