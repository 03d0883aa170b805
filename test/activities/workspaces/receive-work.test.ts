import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { publishedRef } from '../../../contracts/ids';
import { GitRepository } from '../../support/git-repository';
import { failing, idOf, refOf, TwoHomes } from '../../support/two-homes';

// What agents of another home pushed, merged into the worktree of the run.

let world: TwoHomes;
beforeEach(async () => {
  world = await TwoHomes.create();
});
afterEach(() => world.end());

const gantryRefs = (repository: GitRepository): string[] => repository.refs('refs/gantry/');

describe('taking work in', () => {
  it('merges it with what the run did meanwhile', async () => {
    const { workspace, pushed } = await visited({ 'a.txt': 'a' });
    const mine = GitRepository.at(workspace.path);
    mine.commit({ 'b.txt': 'b' });
    const received = await world.receive(workspace, pushed);
    expect(received).toEqual({ commits: 1, head: mine.git('rev-parse', 'HEAD') });
    expect(mine.git('log', '--merges', '--format=%s')).toBe('Merge run-1.build.1.1');
    expect([existsSync(join(mine.path, 'a.txt')), mine.status()]).toEqual([true, '']);
    expect(await world.receive(workspace, pushed)).toEqual(received);
  });

  it('that conflicts leaves the run as it was, says where, and the work is kept', async () => {
    const { workspace, pushed } = await visited({ 'README.md': 'agent\n' });
    const mine = GitRepository.at(workspace.path);
    const head = mine.commit({ 'README.md': 'run\n' });
    const conflict = await world.receive(workspace, pushed).catch((error: unknown) => error);
    expect(conflict).toEqual(failing('Git.Conflict', /README\.md/));
    expect(conflict).toMatchObject({ details: [{ files: ['README.md'] }] });
    expect([mine.git('rev-parse', 'HEAD'), mine.status()]).toEqual([head, '']);
    expect(world.server.git('rev-parse', pushed.ref)).toBe(pushed.head);

    await world.remove();
    expect(gantryRefs(world.server)).toEqual([]);
    const [salvage] = GitRepository.at(workspace.repository).refs('refs/gantry/salvage/');
    expect(GitRepository.at(workspace.repository).git('rev-parse', salvage!)).toBe(pushed.head);
  });

  it('overwrites nothing that is not committed', async () => {
    const { workspace, pushed } = await visited({ 'a.txt': 'agent' });
    const mine = GitRepository.at(workspace.path);
    mine.write({ 'a.txt': 'mine', 'README.md': 'mine too' });
    await expect(world.receive(workspace, pushed)).rejects.toEqual(failing('Git.Failed', /a\.txt[^]*stays under refs/));
    expect(await readFile(join(mine.path, 'a.txt'), 'utf8')).toBe('mine');
    await rm(join(mine.path, 'a.txt'));
    expect((await world.receive(workspace, pushed)).head).toBe(pushed.head);
    expect(await readFile(join(mine.path, 'README.md'), 'utf8')).toBe('mine too');
  });

  it('needs the worktree on the branch of the run', async () => {
    const { workspace, pushed } = await visited({ 'a.txt': 'a' });
    GitRepository.at(workspace.path).git('checkout', '--quiet', '--detach');
    await expect(world.receive(workspace, pushed)).rejects.toEqual(
      failing('Git.Failed', /not on gantry\/run-1 any more/),
    );
  });

  it('takes nothing from refs of others, and removes none of theirs', async () => {
    const { workspace, pushed } = await visited({ 'a.txt': 'a' });
    const others = ['refs/gantry/runs/run-10', 'refs/gantry/dispatches/run-10/run-10.build.1.1'].concat([
      'refs/gantry/runs/run-1--x-2',
      'refs/gantry/dispatches/run-1/run-1.build.1.1x',
      'refs/gantry/dispatches/run-1/run-1.build.11.1',
      'refs/gantry/salvage/run-1/run',
    ]);
    for (const ref of others) world.server.git('update-ref', ref, 'main');
    for (const ref of ['refs/heads/main', 'refs/gantry/salvage/run-1/run', 'x', 'refs/gantry/dispatches/run-10/x']) {
      await expect(world.receive(workspace, { ...pushed, ref })).rejects.toEqual(
        failing('Git.Failed', /does not belong/),
      );
    }
    await world.receive(workspace, pushed);
    expect(gantryRefs(world.server)).toEqual([...others, publishedRef(workspace.branch)].sort());
    await world.remove();
    expect(gantryRefs(world.server)).toEqual(
      others.filter((ref) => !ref.startsWith('refs/gantry/dispatches/run-1/')).sort(),
    );
  });

  async function visited(files: Record<string, string>) {
    const workspace = await world.published();
    const there = await world.visit(workspace);
    GitRepository.at(there.workspace.path).commit(files);
    const pushed = await there.publish();
    await there.leave();
    return { workspace, pushed };
  }

  it('of several stages in turn answers each as before', async () => {
    const workspace = await world.published();
    const give = async (turn: number, files: Record<string, string>) => {
      const there = await world.visit(workspace, 1, { dispatchId: idOf(1, turn) });
      for (const name of Object.keys(files)) GitRepository.at(there.workspace.path).commit({ [name]: files[name]! });
      return there.publish();
    };
    const one = await give(1, { 'a.txt': 'a', 'b.txt': 'b' });
    const two = await give(2, { 'c.txt': 'c' });
    expect((await world.receive(workspace, one)).commits).toBe(2);
    expect((await world.receive(workspace, two)).commits).toBe(1);
    expect((await world.receive(workspace, one)).commits).toBe(2);
  });

  it('says so when the commits have gone from the origin', async () => {
    const workspace = await world.begin();
    const pushed = { ref: refOf(1), head: '0123456789012345678901234567890123456789' };
    await expect(world.receive(workspace, pushed)).rejects.toEqual(failing('Git.Failed', /is not there any more/));
  });
});
