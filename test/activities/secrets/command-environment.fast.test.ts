import fc from 'fast-check';
import { commandEnvironment } from '../../../activities/secrets/command-environment';
import { createSecrets, secretVariables } from '../../../activities/secrets/secrets';

describe('the environment of a command', () => {
  it('has what programs need', () => {
    const base = { PATH: '/bin', HOME: '/home/a', LC_ALL: 'C', https_proxy: 'http://p', TZ: 'UTC', UNSET: undefined };
    expect(commandEnvironment(base)).toEqual({
      PATH: '/bin',
      HOME: '/home/a',
      LC_ALL: 'C',
      https_proxy: 'http://p',
      TZ: 'UTC',
    });
  });

  it('has no key, token or password of the worker', () => {
    const parts = ['KEY', 'TOKEN', 'PASSWORD', 'SECRET', 'CREDENTIALS'];
    const name = fc
      .tuple(fc.stringMatching(/^[A-Z]{1,12}$/), fc.constantFrom(...parts))
      .map((words) => words.join('_'));
    fc.assert(fc.property(name, (key) => expect(commandEnvironment({ [key]: 'value' })).toEqual({})));
    const known = [
      'ANTHROPIC_API_KEY',
      'OPENAI_API_KEY',
      'AWS_SECRET_ACCESS_KEY',
      'GITHUB_TOKEN',
      'GIT_DIR',
      'NODE_OPTIONS',
    ];
    expect(commandEnvironment(Object.fromEntries(known.map((key) => [key, 'value'])))).toEqual({});
  });
});

describe('secrets', () => {
  const secrets = createSecrets({ DEPLOY_TOKEN: 'canary' });

  it('are given by name', () => {
    expect(secretVariables(secrets, ['DEPLOY_TOKEN'])).toEqual({ DEPLOY_TOKEN: 'canary' });
    expect(secrets.all()).toEqual(['canary']);
  });

  it('that are missing are named', () => {
    expect(() => secretVariables(secrets, ['OTHER'])).toThrow(
      expect.objectContaining({
        type: 'Secret.Missing',
        message: expect.stringContaining('"OTHER"') as string,
      }) as Error,
    );
  });
});
