import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { createLedgerActivities } from '../../activities/budgets/create-ledger-activities';
import {
  BUDGET_LEDGER,
  LEDGER_MEMO,
  bookUpdate,
  declareBudgetsUpdate,
  ledgerHistoryQuery,
  ledgerQuery,
  ledgerWorkflowId,
  setBudgetUpdate,
  type BudgetScope,
  type LedgerAnswer,
  type LedgerEntry,
  type LedgerInput,
  type LedgerLimits,
  type LedgerStanding,
  type WindowView,
} from '../../contracts/budgets';
import { toNano } from '../../contracts/money';
import { budgets, type BudgetsFile } from '../../contracts/schemas/config/budgets';
import { SEARCH_ATTRIBUTES } from '../../contracts/search-attributes';
import { createHolders } from '../../workers/doors/holders';
import { createLedger, type Ledger } from '../../workers/doors/ledger';
import { compileSources } from '../support/compile-sources';
import { EntityWorker } from '../support/entity-worker';
import { patientQuery } from '../support/patient-query';
import { waitUntil } from '../support/wait-until';

let entities: EntityWorker;
let client: Client;
beforeAll(async () => {
  entities = await EntityWorker.start();
  client = entities.client;
  const { connection, taskQueue } = entities;
  const activities = createLedgerActivities(createHolders({ connection, namespace: 'default' }));
  await entities.serve({ taskQueue, activities: { ...activities } });
});
afterAll(() => entities.stop());

const warned: unknown[] = [];
const log = { warn: (...said: unknown[]) => void warned.push(said) };
beforeEach(() => {
  warned.length = 0;
});

const configured = (file: object): { readonly budgets: BudgetsFile } => ({ budgets: budgets.parse(file) });

/** The ledger of an organisation that nobody has booked with, as worker processes see it. */
function organisationOf() {
  const organisation = `org-${randomUUID().slice(0, 8)}`;
  const { connection, taskQueue } = entities;
  const port = (more: { answerMs?: number; budgets?: BudgetsFile } = {}): Ledger =>
    // The machine that tests this may be slow; how long a worker waits is tested on its own.
    createLedger({ connection, namespace: 'default', taskQueue, organisation, log, answerMs: 30_000, ...more });
  const handle: WorkflowHandle = client.workflow.getHandle(ledgerWorkflowId(organisation));
  const start = (limits: Partial<LedgerLimits>): Promise<WorkflowHandle> =>
    client.workflow.start(BUDGET_LEDGER, {
      workflowId: ledgerWorkflowId(organisation),
      taskQueue,
      args: [{ organisation, limits } satisfies LedgerInput],
    });
  const window = async (level: 'org' | 'team' | 'job' | 'run', name: WindowView['window']): Promise<WindowView> => {
    const { accounts, runs } = await patientQuery(handle, ledgerQuery);
    if (level === 'run') return runs[0]!.total;
    return accounts.find((one) => one.level === level)!.windows.find((one) => one.window === name)!;
  };
  return { organisation, port, handle, start, window };
}

type Draw = Extract<LedgerEntry, { op: 'draw' }>;
const draw = (id: string, dollars: number, more: Partial<Draw> = {}): Draw => ({
  ...{ op: 'draw', id, scope: {}, holder: { kind: 'process', name: 'worker-1' }, leaseMs: 3_600_000 },
  ...{ amountNano: toNano(dollars), atLeastNano: toNano(dollars) },
  ...more,
});
const sums = (settled: number, held: number, unconfirmed = 0) => ({
  settledNano: toNano(settled),
  heldNano: toNano(held),
  unconfirmedNano: toNano(unconfirmed),
});

describe('a thousand draws at once from three processes', () => {
  const scope: BudgetScope = { team: 'platform', job: 'calculator', run: 'add-1' };
  const limits = { limits: { day: 0.37 } };
  const cases = [
    { level: 'org' as const, file: limits },
    { level: 'team' as const, file: { teams: { platform: limits } } },
    { level: 'job' as const, file: { teams: { platform: { jobs: { calculator: limits } } } } },
    { level: 'run' as const, file: {}, runLimitNano: toNano(0.37) },
  ];
  it.each(cases)('at a limit for 37 of them admit exactly 37: $level', async ({ level, file, ...more }) => {
    const { port, window, handle } = organisationOf();
    const declared = configured(file);
    const ports = [port(declared), port(declared), port(declared)];
    const draws = Array.from({ length: 1_000 }, (_, i) => draw(`s${i}`, 0.01, { scope, ...more }));
    const answers = (await Promise.all(draws.map((one, i) => ports[i % 3]!.book([one])))).flat();
    const held = answers.flatMap((answer, i) => (answer.outcome === 'held' ? [i] : []));
    expect(held).toHaveLength(37);
    expect(answers.filter(({ outcome }) => outcome === 'refused')).toHaveLength(963);
    expect(answers.find(({ outcome }) => outcome === 'refused')).toMatchObject({ level });
    expect(await window(level, level === 'run' ? 'total' : 'day')).toMatchObject(sums(0, 0.37));
    expect((await handle.describe()).historyLength).toBeLessThan(300);

    // What comes back is drawn again, and not a bit more.
    const ended = held.map((i): LedgerEntry => ({ op: 'settle', id: `s${i}`, spentNano: toNano(0.005) }));
    await Promise.all(ended.map((one, i) => ports[i % 3]!.book([one, one])));
    expect(await window(level, level === 'run' ? 'total' : 'day')).toMatchObject(sums(0.185, 0));
    const more_ = draws.map((one, i) => ports[i % 3]!.book([{ ...one, id: `t${i}` }]));
    expect((await Promise.all(more_)).flat().filter(({ outcome }) => outcome === 'held')).toHaveLength(18);
    expect(warned).toEqual([]);
  });
});

describe('a ledger', () => {
  it('answers the entries of one update in order, and one that makes no sense spoils no other', async () => {
    const { port } = organisationOf();
    const nonsense = { op: 'draw', id: 'x' } as never;
    const answers = await port().book([draw('a', 1), nonsense, { op: 'settle', id: 'a', spentNano: 1 }]);
    expect(answers).toEqual([
      { outcome: 'held', grantedNano: toNano(1) },
      { outcome: 'invalid', message: expect.stringMatching(/^"scope" names a team/) as string },
      { outcome: 'booked' },
    ]);
  });

  it('refuses what is no list of entries, and requests that make no sense, with the reason', async () => {
    const { start } = organisationOf();
    const handle = await start({ batch: 2 });
    const refused = async (asked: Promise<unknown>, message: string): Promise<void> => {
      await expect(asked).rejects.toMatchObject({ cause: { type: 'Request.Refused', message } });
    };
    const rule = 'Entries come as a list of 1 to 2.';
    for (const sent of [[], 'all of it', undefined, [1, 2, 3]]) {
      await refused(handle.executeUpdate(bookUpdate, { args: [sent as never] }), rule);
    }
    const set = { account: { level: 'org' as const }, window: 'day' as const, who: 'ada' };
    await refused(
      handle.executeUpdate(setBudgetUpdate, { args: [{ ...set, who: '' }] }),
      'A request needs a name: set "who".',
    );
    await refused(
      handle.executeUpdate(setBudgetUpdate, { args: [set] }),
      'Nobody has set a limit by hand there for the window "day"; there is nothing to withdraw.',
    );
    await refused(
      handle.executeUpdate(declareBudgetsUpdate, { args: [{ alertAt: 80, accounts: [{ level: 'job' }] } as never] }),
      'An account is {"level": "org"}, {"level": "team", "team"} or {"level": "job", "team", "job"}.',
    );
  });

  it('alerts once when 80 % of a limit is spent, in its history and in the memo that anybody may read', async () => {
    const { port, handle, organisation } = organisationOf();
    const declared = configured({ limits: { month: 1 } });
    const ports = [port(declared), port(declared), port(declared)];
    const charge = (id: string): LedgerEntry => ({ op: 'charge', id, scope: {}, spentNano: toNano(0.01) });
    const charges = Array.from({ length: 95 }, (_, i) => charge(`c${i}`));
    await Promise.all(charges.flatMap((one, i) => [ports[i % 3]!.book([one]), ports[(i + 1) % 3]!.book([one])]));
    const { lines } = await patientQuery(handle, ledgerHistoryQuery);
    expect(lines.filter(({ what }) => what === 'alert')).toMatchObject([{ account: organisation }]);
    const standing = (await handle.describe()).memo?.[LEDGER_MEMO] as LedgerStanding;
    expect(standing.alerts).toMatchObject([{ level: 'org', account: organisation, window: 'month' }]);
    expect(standing.windows).toMatchObject([{ window: 'month', limitNano: toNano(1) }]);
  });

  it('takes a limit that people set above the one declared, for the next draw', async () => {
    const { port, handle } = organisationOf();
    const ledger = port(configured({ limits: { day: 1 } }));
    expect(await ledger.book([draw('a', 2)])).toMatchObject([{ outcome: 'refused' }]);
    const set = { account: { level: 'org' as const }, window: 'day' as const, limitNano: toNano(3), who: 'ada' };
    await handle.executeUpdate(setBudgetUpdate, { args: [set] });
    expect(await ledger.book([draw('a', 2)])).toMatchObject([{ outcome: 'held' }]);
  });

  it('continues as new under fire, and loses nothing and books nothing twice', async () => {
    const { port, handle, start, window } = organisationOf();
    const { runId } = await (await start({ historyEvents: 60 })).describe();
    const declared = configured({ limits: { day: 1_000 }, teams: { platform: {} } });
    const ports = [port(declared), port(declared), port(declared)];
    const worker = async (ledger: Ledger, name: number): Promise<readonly LedgerAnswer[]> => {
      const answers: LedgerAnswer[] = [];
      for (let turn = 0; turn < 40; turn += 1) {
        const id = `${name}-${turn}`;
        answers.push(...(await ledger.book([draw(id, 0.5), draw(`open-${id}`, 0.1)])));
        const settled: LedgerEntry = { op: 'settle', id, spentNano: toNano(0.2) };
        answers.push(...(await ledger.book([settled, settled])));
      }
      return answers;
    };
    const answers = (await Promise.all(ports.map(worker))).flat();
    expect(new Set(answers.map(({ outcome }) => outcome))).toEqual(new Set(['held', 'booked']));
    expect(await window('org', 'day')).toMatchObject(sums(120 * 0.2, 120 * 0.1));
    const described = await handle.describe();
    expect(described.runId).not.toBe(runId);
    expect(described.historyLength).toBeLessThan(200);
    // What the first execution settled is known to the last one.
    expect(await port().book([draw('0-0', 0.5), { op: 'settle', id: '0-0', spentNano: 1 }])).toMatchObject([
      { outcome: 'invalid' },
      { outcome: 'booked' },
    ]);
    expect(warned).toEqual([]);
  });
});

describe('a process that dies while it holds money', () => {
  let compiled: string;
  beforeAll(() => {
    compiled = compileSources('budgets', ['contracts', 'activities', 'workers']);
  });
  afterAll(() => rm(compiled, { recursive: true, force: true }));

  /** A process that draws a dollar and is killed. */
  async function drawAndDie(organisation: string): Promise<void> {
    const program = `
      const { NativeConnection } = require('@temporalio/worker');
      const { createLedger } = require('${compiled}/workers/doors/ledger.js');
      const { createProcessPurse } = require('${compiled}/activities/models/client/purses.js');
      (async () => {
        const connection = await NativeConnection.connect({ address: process.env.GANTRY_TEST_ADDRESS });
        const log = { warn: console.error };
        const ledger = createLedger({
          connection, namespace: 'default', taskQueue: '${entities.taskQueue}',
          organisation: '${organisation}', log, answerMs: 30000,
        });
        const purse = createProcessPurse({ ledger, scope: {}, name: 'gateway-1', sliceNano: 0, leaseMs: 1500 });
        await purse.hold(1e9);
        process.stdout.write('held');
        setInterval(() => undefined, 1000);
      })();`;
    const child = spawn(process.execPath, ['-e', program], {
      cwd: process.cwd(),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const said = await Promise.race([once(child.stdout, 'data'), once(child, 'exit').then(() => undefined)]);
    expect(String(said)).toBe('held');
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  it('all it held counts as spent and is marked, and is corrected when it is heard of after all', async () => {
    const { organisation, window, handle, port } = organisationOf();
    await drawAndDie(organisation);
    const { slices } = await patientQuery(handle, ledgerQuery);
    expect(slices).toMatchObject([{ grantedNano: toNano(1), holder: { kind: 'process', name: 'gateway-1' } }]);
    expect(await window('org', 'day')).toMatchObject(sums(0, 1));
    await waitUntil(async () => (await handle.query(ledgerQuery)).slices.length === 0);
    expect(await window('org', 'day')).toMatchObject(sums(1, 0, 1));
    await port().book([{ op: 'settle', id: slices[0]!.id, spentNano: toNano(0.25) }]);
    expect(await window('org', 'day')).toMatchObject(sums(0.25, 0));
    const { lines } = await patientQuery(handle, ledgerHistoryQuery);
    expect(lines.map(({ what }) => what)).toEqual(['unconfirmed', 'corrected']);
  });
});

describe('a workflow that holds a slice', () => {
  /** Any workflow that says what it has spent, as runs do. */
  async function holderOf(costUsd?: number): Promise<WorkflowHandle> {
    return client.workflow.start(BUDGET_LEDGER, {
      workflowId: `run/calculator/${randomUUID()}`,
      taskQueue: entities.taskQueue,
      args: [{ organisation: 'holder' } satisfies LedgerInput],
      ...(costUsd !== undefined && { typedSearchAttributes: [{ key: SEARCH_ATTRIBUTES.costUsd, value: costUsd }] }),
    });
  }

  it('keeps it as long as it is at work, and what it did not spend comes back when it is terminated', async () => {
    const { start, port, window, handle } = organisationOf();
    await start({ renewMs: 300 });
    const run = await holderOf(0.2);
    const holder = { kind: 'workflow' as const, workflowId: run.workflowId };
    await port().book([draw('a', 1, { holder, leaseMs: 300, scope: { run: 'r' } })]);
    const leaseOf = async (): Promise<number | undefined> =>
      (await patientQuery(handle, ledgerQuery)).slices[0]?.leaseUntil;
    const first = await leaseOf();
    await waitUntil(async () => ((await leaseOf()) ?? 0) > first!);
    expect(await window('org', 'day')).toMatchObject(sums(0, 1));
    await run.terminate('a test ends it');
    await waitUntil(async () => (await leaseOf()) === undefined);
    expect(await window('org', 'day')).toMatchObject(sums(0.2, 0));
  });

  it('counts as having spent all of it where nobody knows, marked', async () => {
    const { port, window, handle } = organisationOf();
    const [gone, silent] = ['run/calculator/never-was', (await holderOf()).workflowId];
    await client.workflow.getHandle(silent).terminate();
    const of = (workflowId: string) => ({ holder: { kind: 'workflow' as const, workflowId }, leaseMs: 100 });
    await port().book([draw('a', 1, of(gone)), draw('b', 0.5, of(silent))]);
    await waitUntil(async () => (await handle.query(ledgerQuery)).slices.length === 0);
    expect(await window('org', 'day')).toMatchObject(sums(1.5, 0, 1.5));
  });
});

describe('a worker whose ledger does not answer', () => {
  it('is told so within the time it gave, and the same entry is booked once when it comes again', async () => {
    const { organisation, window } = organisationOf();
    const queue = `nobody-${randomUUID()}`;
    const { connection } = entities;
    const where = { connection, namespace: 'default', taskQueue: queue, organisation, log };
    const ledger = createLedger({ ...where, answerMs: 1_000 });
    const entry: LedgerEntry = { op: 'charge', id: 'c', scope: {}, spentNano: toNano(1) };
    await expect(ledger.book([entry])).rejects.toMatchObject({ name: 'LedgerUnavailable' });
    expect(warned).toHaveLength(1);
    await entities.serve({ taskQueue: queue, workflowBundle: { codePath: process.env['GANTRY_WORKFLOW_BUNDLE']! } });
    const patient = createLedger({ ...where, answerMs: 30_000 });
    expect(await patient.book([entry])).toEqual([{ outcome: 'booked' }]);
    expect(await window('org', 'day')).toMatchObject(sums(1, 0));
  });
});
