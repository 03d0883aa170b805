import { chooseGate } from '../../../client/runs/decide-gate';
import { aGate, aView } from '../../support/run-view';

const view = aView({ gates: [aGate('deploy'), aGate('early', { outcome: 'approved' })] });
const open = [{ run: view.run, gate: aGate('deploy') }];
const nested = { run: { project: 'calculator', runId: 'memory-keys-7f3a.inner' }, gate: aGate('inner') };

it('without a name means the only open gate', () => {
  expect(chooseGate(open, view, undefined)).toBe(open[0]);
});

it('without a name is refused when several are open, naming them and who may decide', () => {
  expect(() => chooseGate([...open, nested], view, undefined)).toThrow(
    'Several gates are open: deploy (lead or release-manager), inner (lead or release-manager).',
  );
});

it('finds a gate of a nested run by its name', () => {
  expect(chooseGate([...open, nested], view, 'inner')).toBe(nested);
});

it('a late vote is passed on to the run, which answers and remembers it', () => {
  expect(chooseGate(open, view, 'early')).toMatchObject({ run: view.run, gate: { gate: 'early' } });
});

it('a mistyped name is refused with the nearest one and what is open', () => {
  let error: unknown;
  try {
    chooseGate(open, view, 'deplyo');
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toMatchObject({
    exit: 'refused',
    message: 'No gate "deplyo" is open on this run. Did you mean "deploy"?',
    hint: 'Open: deploy (lead or release-manager).',
  });
});
