import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { approveUpdate, cancelUpdate } from '../../contracts/messages';
import type { PipelineDefinition } from '../../contracts/definition';
import { carriedFrom, type RunView } from '../../contracts/run';
import { LiveSystem } from '../support/live-system';
import { pipeline } from '../support/pipelines';
import { waitUntil } from '../support/wait-until';

jest.setTimeout(180_000);

// One system for the whole file; each run works on a repository state that must be there again afterwards.
describe('the real world', () => {
  let system: LiveSystem;
  beforeAll(async () => {
    system = await LiveSystem.start();
  });
  afterAll(() => system.stop());
  beforeEach(() => writeFileSync(system.mayFinish, ''));

  /** Fifteen stages; each holds until its file is there, so that a test can cancel it in the middle. */
  function fifteen(hold: string): PipelineDefinition {
    const go = (stage: string): string =>
      stage === hold ? 'echo held > "$HELD"; while [ ! -f "$NEVER" ]; do sleep 0.05; done' : 'true';
    const env = {
      HELD: join(system.root, 'held'),
      NEVER: join(system.root, 'never'),
      WORLD: join(system.root, 'world'),
    };
    const step = (id: string, needs: string) => ({
      needs,
      run: `mkdir -p "$WORLD"; echo ${id} > "$WORLD/${id}"; ${go(id)}`,
      undo: `rm -f "$WORLD/${id}"`,
      env,
    });
    return pipeline({
      ports: ['web'],
      stages: {
        s01: { run: `mkdir -p "$WORLD"; echo s01 > "$WORLD/s01"; ${go('s01')}`, undo: 'rm -f "$WORLD/s01"', env },
        s02: step('s02', 's01'),
        s03: { needs: 's02', agent: 'coder', prompt: 'work', contract: { commits: '1' } },
        s04: step('s04', 's03'),
        s05: step('s05', 's04'),
        s06: { needs: 's05', merge: {} },
        s07: step('s07', 's06'),
        s08: {
          needs: 's07',
          service: { name: 'web', run: 'node server.mjs', port: '{{ run.ports.web }}' },
          check: { http: 'http://127.0.0.1:{{ run.ports.web }}/' },
        },
        s09: step('s09', 's08'),
        s10: { needs: 's09', check: { http: 'http://127.0.0.1:{{ run.ports.web }}/' } },
        s11: step('s11', 's10'),
        s12: step('s12', 's11'),
        s13: { needs: 's12', gate: { approvers: ['lead'] } },
        s14: step('s14', 's13'),
        s15: step('s15', 's14'),
      },
    });
  }

  function world(): unknown {
    const files = join(system.root, 'world');
    return {
      refs: system.git('for-each-ref', '--format=%(refname) %(objectname)', 'refs/heads'),
      worktrees: system.git('worktree', 'list').split('\n').length,
      head: system.git('status', '--porcelain', '--branch'),
      files: existsSync(files) ? readdirSync(files) : [],
    };
  }

  /** Another test's system may have got the port since it was free again: its service says where it stands. */
  async function isServing(view: RunView): Promise<boolean> {
    const port = view.workspace?.ports['web'];
    if (port === undefined) return false;
    const said = await fetch(`http://127.0.0.1:${port}/`).then(
      (answer) => answer.text(),
      () => '',
    );
    return said.includes(system.root);
  }

  it.each(['s01', 's02', 's04', 's05', 's07', 's09', 's11', 's12', 's13', 's14', 's15'])(
    'is as it was after a cancel during %s',
    async (stage) => {
      const before = world();
      const run = await system.run(fifteen(stage));
      if (stage > 's13') {
        await run.untilGate('s13');
        await run.workflow.executeUpdate(approveUpdate, { args: [{ gate: 's13', who: 'lead' }] });
      }
      await run.until((view) => view.stages.some((one) => one.key === stage && one.status !== 'pending'));
      if (stage === 's13') await run.untilGate('s13');
      else await waitUntil(() => existsSync(join(system.root, 'held')), { timeoutMs: 60_000 });
      execFileSync('rm', ['-f', join(system.root, 'held')]);
      expect(await isServing(await run.view())).toBe(stage > 's08');
      await run.workflow.executeUpdate(cancelUpdate, { args: [{ who: 'tester' }] });
      const { status, view } = await run.result();
      expect(status).toBe('CANCELLED');
      expect(view.undos.filter((undo) => undo.outcome === 'failed')).toEqual([]);
      expect(world()).toEqual(before);
      expect(await isServing(view)).toBe(false);
    },
  );

  it('is as it was after a cancel while the agent works, and the agent is gone', async () => {
    execFileSync('rm', ['-f', system.mayFinish]);
    const before = world();
    const startedBefore = system.agentEntries('started').length;
    const run = await system.run(fifteen('none'));
    await waitUntil(
      () => system.agentEntries('prompt').length > 0 && system.agentEntries('started').length > startedBefore,
      { timeoutMs: 60_000 },
    );
    const pid = system.agentEntries('started').at(-1)!.pid!;
    await run.until((view) => view.stages.some((one) => one.key === 's03' && one.status === 'running'));
    await run.workflow.executeUpdate(cancelUpdate, { args: [{ who: 'tester' }] });
    expect((await run.result()).status).toBe('CANCELLED');
    expect(existsSync(`/proc/${pid}`)).toBe(false);
    expect(world()).toEqual(before);
  });

  it('is swept after a run that was terminated, with what it left kept', async () => {
    const before = world();
    const run = await system.run(
      pipeline({
        ports: ['web'],
        stages: { dirty: { run: 'echo precious > unsaved.txt' }, wait: { needs: 'dirty', gate: {} } },
      }),
    );
    const view = await run.untilGate('wait');
    await run.workflow.terminate('the hard way');
    await system.endWorker('SIGTERM');
    await system.startWorker();
    await waitUntil(() => !existsSync(view.workspace!.path), { timeoutMs: 60_000 });
    await waitUntil(() => JSON.stringify(world()) === JSON.stringify(before));
    const refs = system.git('for-each-ref', '--format=%(refname)', `refs/gantry/salvage/${view.run.runId}`);
    expect(system.git('show', `${refs}:unsaved.txt`)).toBe('precious');
  });

  it('is not swept while a run is open or may be resumed', async () => {
    const open = await system.run(pipeline({ stages: { work: { run: 'true' }, wait: { needs: 'work', gate: {} } } }));
    const failed = await system.run(
      pipeline({ stages: { work: { run: 'true' }, fails: { needs: 'work', run: 'false' } } }),
    );
    const paths = [(await open.untilGate('wait')).workspace!.path, (await failed.result()).view.workspace!.path];
    await system.endWorker('SIGTERM');
    await system.startWorker();
    // One that must go is swept after those that must stay: once it is gone they have been looked at.
    const gone = await system.run(pipeline({ stages: { work: { run: 'true' }, wait: { needs: 'work', gate: {} } } }));
    const { path } = (await gone.untilGate('wait')).workspace!;
    await gone.workflow.terminate();
    await system.endWorker('SIGTERM');
    await system.startWorker();
    await waitUntil(() => !existsSync(path), { timeoutMs: 60_000 });
    expect(paths.map((one) => existsSync(one))).toEqual([true, true]);
    await open.workflow.executeUpdate(cancelUpdate, { args: [{ who: 'tester' }] });
    await open.result();
  });

  it('is made again from the branch when a resumed run finds its worktree gone', async () => {
    const definition = pipeline({
      stages: {
        work: {
          run: 'echo kept > kept.txt; git add . ; git -c user.name=T -c user.email=t@example.com commit -qm work',
        },
        check: { needs: 'work', run: 'test -f kept.txt && test -f "$GO"', env: { GO: join(system.root, 'go') } },
      },
    });
    const failed = await (await system.run(definition)).result();
    expect(failed.status).toBe('PARTIAL_SUCCESS');
    rmSync(failed.view.workspace!.path, { recursive: true });
    writeFileSync(join(system.root, 'go'), '');
    const again = await system.run(definition, {
      run: failed.view.run,
      carried: carriedFrom(failed),
      intent: { kind: 'resume' },
    });
    expect((await again.result()).status).toBe('SUCCESS');
  });

  it('keeps what an agent left uncommitted under a salvage ref', async () => {
    const run = await system.run(
      pipeline({
        stages: {
          dirty: { run: 'echo precious > unsaved.txt' },
          wait: { needs: 'dirty', gate: {} },
        },
      }),
    );
    const view = await run.untilGate('wait');
    await run.workflow.executeUpdate(cancelUpdate, { args: [{ who: 'tester' }] });
    await run.result();
    expect(existsSync(view.workspace!.path)).toBe(false);
    const refs = system.git('for-each-ref', '--format=%(refname)', `refs/gantry/salvage/${view.run.runId}`).split('\n');
    expect(refs).toHaveLength(1);
    expect(system.git('show', `${refs[0]}:unsaved.txt`)).toBe('precious');
  });
});

describe('what is large', () => {
  it('goes to the artifact store: a 50 MB log and a 1 MB output leave a small history', async () => {
    const system = await LiveSystem.start();
    try {
      const noisy =
        'head -c 50000000 /dev/zero | tr "\\0" x; printf \'{"blob":"\' > "$GANTRY_OUTPUT"; head -c 1000000 /dev/zero | tr "\\0" y >> "$GANTRY_OUTPUT"; printf \'"}\' >> "$GANTRY_OUTPUT"';
      const run = await system.run(
        pipeline({
          stages: {
            noisy: { run: noisy, output: { blob: 'string' } },
          },
        }),
      );
      const { status, view } = await run.result();
      expect(status).toBe('SUCCESS');
      const noisyStage = view.stages[0]!;
      expect(noisyStage.output).toEqual({ artifact: expect.stringMatching(/^sha256:/) as string, bytes: 1_000_011 });
      expect(noisyStage.log).toMatchObject({
        artifact: expect.stringMatching(/^sha256:/) as string,
        bytes: 50_000_000,
      });
      const description = await run.workflow.describe();
      expect(description.historySize).toBeLessThan(200_000);
    } finally {
      await system.stop();
    }
  });
});

describe('a secret', () => {
  it('reaches the command that asks for it, and neither history, nor logs, nor artifacts, nor the database', async () => {
    const canary = 'canary-7f3a9b1c5d2e8f60';
    const system = await LiveSystem.start([], { DEPLOY_TOKEN: canary });
    try {
      const leak =
        'for i in $(seq 1 2000); do echo "token $DEPLOY_TOKEN"; done; printf \'{"echo":"%s"}\' "$DEPLOY_TOKEN" > "$GANTRY_OUTPUT"; test "$(printf %s "$DEPLOY_TOKEN" | wc -c)" = 23';
      const run = await system.run(
        pipeline({
          stages: {
            deploy: { run: leak, secrets: ['DEPLOY_TOKEN'], output: { echo: 'string' } },
            unasked: { needs: 'deploy', run: 'test -z "$DEPLOY_TOKEN"' },
            failing: {
              needs: 'unasked',
              run: 'echo "$DEPLOY_TOKEN" >&2; exit 3',
              secrets: ['DEPLOY_TOKEN'],
              'on-failure': 'continue',
            },
          },
        }),
      );
      const { status, view } = await run.result();
      expect(status).toBe('COMPLETED_DEGRADED');
      expect(view.stages.find((stage) => stage.key === 'deploy')?.output).toEqual({ echo: '***' });
      const history = JSON.stringify(await run.workflow.fetchHistory());
      expect(history).not.toContain(canary);
      expect(history).not.toContain(Buffer.from(canary).toString('base64'));
      await system.endWorker('SIGTERM');
      await system.server.stop();
      const found = execFileSync('sh', ['-c', 'grep -rlaF "$1" "$2" || true', 'sh', canary, system.root], {
        encoding: 'utf8',
      });
      expect(found.split('\n').filter(Boolean)).toEqual([]);
      expect(readFileSync(system.workerLog, 'utf8').length).toBeGreaterThan(0);
    } finally {
      await system.stop();
    }
  });
});
