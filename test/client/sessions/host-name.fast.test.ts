import { hostName } from '../../../client/sessions/host-name';

it.each([
  ['build-7.example.com', 'build-7'],
  ['Ann’s MacBook', 'ann-s-macbook'],
  ['10', 'host-10'],
])('the machine %s is the host %s', (machine, name) => {
  expect(hostName(undefined, machine)).toBe(name);
});

it('a name that was given is taken as it is, or refused with one that would do', () => {
  expect(hostName('gpu_1', 'x')).toBe('gpu_1');
  expect(() => hostName('GPU 1', 'x')).toThrow(
    expect.objectContaining({ exit: 'usage', hint: 'Perhaps gpu-1?' }) as Error,
  );
});
