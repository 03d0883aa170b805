import { scopeOfProject } from '../../contracts/config/scope-of-project';

const limits = {};
const budgets = {
  teams: {
    platform: { limits, projects: ['tools', 'shared'], jobs: { calculator: { limits } } },
    web: { limits, projects: ['shop', 'shared'], jobs: { site: { limits } } },
  },
};

it.each([
  ['a job is named after the project it counts', 'site', {}, { team: 'web', job: 'site' }],
  ['a team says which other projects are its own', 'shop', {}, { team: 'web' }],
  ['the first team that says so has it', 'shared', {}, { team: 'platform' }],
  ['a project of no team is of no team', 'other', {}, {}],
  ['who names a team is believed', 'shop', { team: 'platform' }, { team: 'platform' }],
  ['who names a team finds its job there', 'calculator', { team: 'platform' }, { team: 'platform', job: 'calculator' }],
  ['a job of another team is none', 'site', { team: 'platform' }, { team: 'platform' }],
  ['who names a job is believed', 'site', { team: 'x', job: 'y', run: 'z' }, { team: 'x', job: 'y', run: 'z' }],
  ['nothing is said of a project', undefined, { run: 'r' }, { run: 'r' }],
])('%s', (_what, project, given, expected) => {
  expect(scopeOfProject(budgets, project, given)).toEqual(expected);
});

it('without budgets nobody has a team', () => {
  expect(scopeOfProject(undefined, 'site')).toEqual({});
});
