import { chooseGate } from '../../../client/runs/decide-gate';
import { aGate, aView } from '../../support/run-view';

const view = aView({ gates: [aGate('deploy'), aGate('early', { outcome: 'approved' })] });
const open = [{ run: view.run, name: 'deploy', gate: aGate('deploy') }];
const inner = (gate: string) => ({
  run: { project: 'calculator', runId: 'memory-keys-7f3a.inner' },
  name: `inner/${gate}`,
  gate: aGate(gate),
});

it('without a name means the only open gate', () => {
  expect(chooseGate(open, view, undefined)).toEqual({ run: view.run, gate: 'deploy' });
});

it('without a name is refused when several are open, naming them and who may decide', () => {
  expect(() => chooseGate([...open, inner('sign')], view, undefined)).toThrow(
    'Several gates are open: deploy (lead or release-manager), inner/sign (lead or release-manager).',
  );
});

it.each(['sign', 'inner/sign'])('finds the gate of a nested run as %s', (name) => {
  expect(chooseGate([...open, inner('sign')], view, name)).toEqual({ run: inner('sign').run, gate: 'sign' });
});

it('prefers the gate of the run itself to one of the same name in a nested run', () => {
  expect(chooseGate([...open, inner('deploy')], view, 'deploy').run).toBe(view.run);
});

it('is refused when two nested runs have a gate of that name, naming both', () => {
  const other = { ...inner('sign'), name: 'other/sign' };
  expect(() => chooseGate([inner('sign'), other], view, 'sign')).toThrow('"sign" may be inner/sign or other/sign.');
});

it.each(['early', 'deplyo'])(
  'passes a late or a wrong vote (%s) on to the run, which answers and remembers it',
  (name) => {
    expect(chooseGate(open, view, name)).toEqual({ run: view.run, gate: name });
  },
);
