import fc from 'fast-check';
import { deleteRefs, listRefs } from '../../../activities/git/origin';
import { openRepository } from '../../../activities/git/repository';
import {
  dispatchId,
  dispatchRef,
  dispatchRefs,
  NAME_PATTERN,
  nestedRunId,
  publishedRef,
  RUN_ID_PATTERN,
  runBranch,
  salvageRef,
  stageBranch,
  stageKey,
} from '../../../contracts/ids';
import { TwoHomes } from '../../support/two-homes';

// What git says to the names that runs, stages and prompts give to refs.

let world: TwoHomes;
beforeEach(async () => {
  world = await TwoHomes.create();
});
afterEach(() => world.end());

const runId = fc
  .oneof(
    fc.stringMatching(/^[a-z0-9][a-z0-9_.-]{0,60}$/),
    fc.constantFrom('run-1', 'run-10', 'run-1.a', 'run-1--ui', 'a.lock.b', 'x.', 'a..b', 'b.lock'),
  )
  .filter((id) => RUN_ID_PATTERN.test(id));
const stage = fc.oneof(fc.stringMatching(/^[a-z][a-z0-9_-]{0,39}$/), fc.constantFrom('lock', 'head', 'x-', 'a_b'));
const label = fc.oneof(
  fc.string({ maxLength: 60, unit: 'grapheme' }),
  fc.constantFrom('../..', 'a.lock', '~^:?*[\\', '@{', '-'),
);
const key = fc.oneof(
  stage,
  fc.tuple(stage, label).map(([id, cell]) => stageKey(id, cell)),
);

it('are all refs, also of cells with odd values, and none stands in the way of another', async () => {
  const { server, home } = world;
  const clone = await openRepository(home, world.address);
  const main = server.git('rev-parse', 'main');
  await fc.assert(
    fc.asyncProperty(runId, key, key, fc.integer({ min: 1, max: 9_999 }), async (run, one, other, turn) => {
      expect(one.split('[')[0]).toMatch(NAME_PATTERN);
      const nested = nestedRunId(run, one);
      const refs = [run, nested].flatMap((id) => [
        `refs/heads/${runBranch(id)}`,
        publishedRef(runBranch(id)),
        salvageRef(id, one),
        ...[one, other].flatMap((of) => [
          `refs/heads/${stageBranch(id, of)}`,
          publishedRef(stageBranch(id, of)),
          dispatchRef(id, dispatchId(id, of, turn, 1)),
          dispatchRef(id, dispatchId(id, of, turn, 11)),
          `refs/heads/gantry-visits/${dispatchId(id, of, turn, 1)}`,
        ]),
      ]);
      const wanted = [...new Set(refs)];
      // For each key its own, in each run its own.
      expect(wanted).toHaveLength(one === other ? 16 : 26);
      const there = wanted.map((ref) => ({ ref, commit: main }));
      const input = wanted.map((ref) => `create ${ref} ${main}\n`).join('');
      await home.git(server.path, ['update-ref', '--stdin'], { input });
      // What is nested has its own.
      expect(await listRefs(home, clone, [dispatchRefs(run)])).toHaveLength(one === other ? 2 : 4);
      await deleteRefs(home, clone, there);
      expect(server.refs()).toEqual(['refs/heads/main']);
    }),
    { numRuns: 25, examples: [['run-1', 'lock', 'test[a b]', 1]] },
  );
});
