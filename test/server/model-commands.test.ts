import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding } from '../../client/doctor/finding';
import { createBreakers } from '../../workers/doors/breakers';
import { createLedger } from '../../workers/doors/ledger';
import { budgets } from '../../contracts/schemas/config/budgets';
import { toNano } from '../../contracts/money';
import { CliSession } from '../support/cli-session';
import { EntityWorker } from '../support/entity-worker';
import { waitUntil } from '../support/wait-until';

// `gantry budget` and `gantry providers` against the real ledger and breakers.

const unique = randomUUID().slice(0, 6);
const organisation = `org-${unique}`;
const [first, second] = [`first-${unique}`, `second-${unique}`];
const CONFIG = `
organisation: ${organisation}
providers:
  ${first}: { base-url: http://127.0.0.1:1/v1, key: NO_SUCH_KEY, models: [one, another] }
  ${second}: { base-url: http://127.0.0.1:1/v1, models: [two] }
budgets:
  limits: { month: 100 }
  teams:
    platform: { limits: { day: 10 }, jobs: { calculator: { limits: { day: 1 } } } }
`;

let entities: EntityWorker;
let cli: CliSession;
beforeAll(async () => {
  entities = await EntityWorker.start();
  cli = new CliSession({
    TEMPORAL_ADDRESS: process.env['GANTRY_TEST_ADDRESS']!,
    GANTRY_TASK_QUEUE: entities.taskQueue,
    GANTRY_USER: 'ann',
    TZ: 'UTC',
  });
  writeFileSync(join(cli.folder, 'gantry.config.yaml'), CONFIG);
});
afterAll(async () => {
  cli.end();
  await entities.stop();
});

describe('gantry budget', () => {
  it('says so where nothing was spent or declared', async () => {
    expect(await cli.run('budget')).toMatchObject({
      code: 4,
      err: expect.stringContaining(
        `Nobody has spent or declared anything in the organisation "${organisation}"`,
      ) as string,
    });
  });

  it('shows what is spent, held and left of each account', async () => {
    const { connection, taskQueue } = entities;
    const declared = budgets.parse({
      limits: { month: 100 },
      teams: { platform: { limits: { day: 10 }, jobs: { calculator: { limits: { day: 1 } } } } },
    });
    const log = { warn: () => undefined };
    const ledger = createLedger({ connection, namespace: 'default', taskQueue, organisation, budgets: declared, log });
    const scope = { team: 'platform', job: 'calculator' };
    const holder = { kind: 'process', name: 'the test' } as const;
    await ledger.book([
      { op: 'charge', id: 'a', scope, spentNano: toNano(0.5) },
      {
        ...{ op: 'draw', id: 'b', scope, holder, leaseMs: 600_000 },
        ...{ amountNano: toNano(0.25), atLeastNano: toNano(0.25) },
      },
    ]);
    const { code, out } = await cli.run('budget', 'show');
    expect(code).toBe(0);
    const [head, ...rows] = out
      .trimEnd()
      .split('\n')
      .map((line) => line.trimEnd().split(/ {2,}/).filter(Boolean));
    expect(head).toEqual(['BUDGET', 'WINDOW', 'SPENT', 'HELD', 'LIMIT', 'USED', 'BEGINS ANEW']);
    expect(rows.map((row) => row.slice(0, 6))).toEqual(
      expect.arrayContaining([
        [organisation, 'month', '$0.5000', '$0.2500', '$100.00', '0 %'],
        ['platform', 'day', '$0.5000', '$0.2500', '$10.00', '7 %'],
        ['calculator', 'day', '$0.5000', '$0.2500', '$1.00', '75 %'],
      ]),
    );
    const only = JSON.parse((await cli.run('budget', 'show', 'platform/calculator', '--json')).out) as object;
    expect(only).toMatchObject({ accounts: [{ level: 'job', team: 'platform', job: 'calculator' }] });
  });

  it('is set by hand above what is declared, until that is withdrawn', async () => {
    const set = await cli.run('budget', 'set', 'platform', '3.50', '--window', 'day', '--comment', 'release week');
    expect(set).toMatchObject({ code: 0 });
    const shown = (await cli.run('budget', 'show', 'platform')).out;
    expect(shown).toContain('$3.50');
    expect(shown).toMatch(/set by ann .*, declared: \$10\.00/);
    expect((await cli.run('budget', 'history', 'platform')).out).toContain('release week');
    expect(await cli.run('budget', 'set', 'platform', 'declared', '--window', 'day')).toMatchObject({ code: 0 });
    expect((await cli.run('budget', 'show', 'platform')).out).toContain('$10.00');
  });

  it('of a team comes with those of its jobs', async () => {
    const { out } = await cli.run('budget', 'show', 'platform', '--json');
    const { accounts } = JSON.parse(out) as { accounts: { level: string }[] };
    expect(accounts.map(({ level }) => level)).toEqual(['team', 'job']);
  });

  it('of a team that nobody declared is set, and it is said who may have been meant', async () => {
    const { code, err } = await cli.run('budget', 'set', 'plattform', '5');
    expect(code).toBe(0);
    expect(err).toContain('No team "plattform" is named in gantry.config.yaml');
    expect(err).toContain('Did you mean "platform"?');
    await cli.run('budget', 'set', 'plattform', 'declared');
  });

  it('refuses what is no account and no amount, and finds the nearest name', async () => {
    expect(await cli.run('budget', 'set', 'a/b/c', '5')).toMatchObject({ code: 2 });
    expect((await cli.run('budget', 'set', 'platform', 'much')).err).toContain('It must be US dollars such as 25');
    expect(await cli.run('budget', 'show', 'platfrom')).toMatchObject({
      code: 4,
      err: expect.stringContaining('"platform"') as string,
    });
  });
});

describe('gantry providers', () => {
  it('shows each with its models, its key and how it stands', async () => {
    const { code, out } = await cli.run('providers');
    expect(code).toBe(0);
    expect(out).toMatch(new RegExp(`${first} +closed +one \\+1 +NO_SUCH_KEY not set here`));
    expect(out).toMatch(new RegExp(`${second} +closed +two`));
  });

  it('are disabled and enabled by people, whole or one model of them', async () => {
    expect(await cli.run('providers', 'disable', first, '--comment', 'too dear')).toMatchObject({ code: 0 });
    await cli.run('providers', 'disable', `${second}/two`);
    const { out } = await cli.run('providers', 'list');
    expect(out).toMatch(new RegExp(`${first} +isolated .*isolated by ann: too dear`));
    expect(out).toMatch(/^ {2}two +isolated/m);
    expect(await cli.run('providers', 'disable', first)).toMatchObject({ code: 3 });
    expect(await cli.run('providers', 'enable', first)).toMatchObject({ code: 0 });
    expect((await cli.run('providers')).out).toMatch(new RegExp(`${first} +closed`));
    expect(await cli.run('providers', 'reset', first)).toMatchObject({ code: 3 });
  });

  it('that nobody knows are not disabled', async () => {
    const { code, err } = await cli.run('providers', 'disable', `frist-${unique}`);
    expect({ code, err }).toMatchObject({ code: 4, err: expect.stringContaining(`"${first}"`) as string });
  });

  it('that nobody knows are not tested: no other one is asked in their place', async () => {
    const { code, err } = await cli.run('providers', 'test', second, `frist-${unique}`);
    expect({ code, err }).toMatchObject({ code: 4, err: expect.stringContaining(`"${first}"`) as string });
  });

  it('are reset with their models, except those that somebody has disabled', async () => {
    const outcome = { failure: 'permanent', type: 'Provider.NotFound', message: 'no such model' } as const;
    const where = { connection: entities.connection, namespace: 'default', taskQueue: entities.taskQueue };
    const breakers = createBreakers({ ...where, log: { info: () => undefined, warn: () => undefined } });
    await breakers.report(`${first}/one`, { id: 'r1', at: Date.now(), outcome });
    await cli.run('providers', 'disable', `${first}/another`);
    await waitUntil(async () => /^ {2}one +open/m.test((await cli.run('providers')).out));
    const { code, out } = await cli.run('providers', 'reset', first);
    expect({ code, out }).toEqual({ code: 0, out: `The breaker of ${first}/one was open and is closed.\n` });
    expect((await cli.run('providers')).out).toMatch(/^ {2}another +isolated/m);
    await cli.run('providers', 'enable', `${first}/another`);
  });

  it('have models of which nobody has heard: there is nothing to reset', async () => {
    const { code, err } = await cli.run('providers', 'reset', `${second}/nobody`);
    expect({ code, err }).toMatchObject({ code: 4, err: expect.stringContaining('/nobody has no breaker') as string });
  });

  it('are shown without a server too', async () => {
    const { code, out, err } = await cli.run('--address', '127.0.0.1:1', 'providers');
    expect({ code, err }).toMatchObject({
      code: 0,
      err: expect.stringContaining('How they stand is not known') as string,
    });
    expect(out).toMatch(new RegExp(`${first} +unknown`));
  });
});

describe('gantry doctor', () => {
  it('tells of budgets that are nearly spent, and of providers that are left alone', async () => {
    const { connection, taskQueue } = entities;
    const log = { warn: () => undefined };
    const ledger = createLedger({ connection, namespace: 'default', taskQueue, organisation, log });
    const scope = { team: 'platform', job: 'calculator' };
    await ledger.book([{ op: 'charge', id: 'dear', scope, spentNano: toNano(0.4) }]);
    await cli.run('providers', 'disable', first, '--comment', 'too dear');
    const { findings } = JSON.parse((await cli.run('doctor', '--json')).out) as { findings: Finding[] };
    expect(findings).toContainEqual({
      level: 'warn',
      what: 'Budget platform/calculator',
      found: '$0.9000 of $1.00 spent this day (90 %)',
      todo: 'See `gantry budget`; give more with `gantry budget set`.',
    });
    expect(findings).toContainEqual({
      level: 'warn',
      what: `Breaker ${first}`,
      found: 'isolated: isolated by ann: too dear',
      todo: `Ask it again with \`gantry providers enable ${first}\`.`,
    });
  });
});
