import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import fc from 'fast-check';
import { fileName, hostPaths, type Host } from '../../../activities/host';
import { mergeBranch } from '../../../activities/git/merge-branch';
import { branchRef, resolveCommit } from '../../../activities/git/names';
import { unmerge } from '../../../activities/git/unmerge';
import { prepareWorkspace } from '../../../activities/workspaces/prepare-workspace';
import { receiveWork } from '../../../activities/workspaces/receive-work';
import { removeWorkspace } from '../../../activities/workspaces/remove-workspace';
import { runBranch } from '../../../contracts/ids';
import type { Workspace } from '../../../contracts/run';
import { GitRepository } from '../../support/git-repository';
import { removeTemporary, temporaryDirectory, temporaryHost, UNDISTURBED } from '../../support/temporary-home';

// What a definition can name, against the real git: nothing is read as an option, run as a program, or written
// outside of the repository's refs and the host's own directory.

let root: string;
let host: Host;
let repo: GitRepository;
let workspace: Workspace;
let everything: string[];
const RUN = { project: 'p', runId: 'run-1' };
const claim = () => ({ repo: repo.path, runId: RUN.runId, branch: runBranch(RUN.runId) });

beforeEach(async () => {
  root = await temporaryDirectory();
  host = temporaryHost(root);
  repo = GitRepository.create(join(root, 'repo'));
  workspace = await prepareWorkspace(host, { run: RUN, claim: claim(), ports: [] }, UNDISTURBED);
  GitRepository.at(workspace.path).commit({ 'a.txt': 'a' });
  everything = await readdir(root);
});
afterEach(async () => {
  // Whatever was tried: no file appeared beside repository and home.
  expect(await readdir(root)).toEqual(everything);
  await removeTemporary(root);
});

const nasty = fc.oneof(
  fc.constantFrom(
    '--upload-pack=touch pwned',
    '-c',
    '--exec=touch pwned',
    '--output=pwned',
    '-',
    '..',
    '../../outside',
    'HEAD',
    '@{-1}',
    '@',
    'a..b',
    'x.lock',
    'a/.b',
    '/abs',
    'a//b',
    '$(touch pwned)',
    '`touch pwned`',
    'a;touch pwned',
    'main\nmain',
    'a b',
    '\0',
    'refs/heads/main',
    '',
  ),
  fc.string({
    unit: fc.constantFrom('-', '.', '/', '@', '{', '~', '^', ':', '*', 'a', '\n', ' ', '\\', 'ä', '\u0000'),
    maxLength: 12,
  }),
);

describe('whatever a definition names', () => {
  it('a branch to merge into is a branch, or refused', async () => {
    await fc.assert(
      fc.asyncProperty(nasty, async (into) => {
        const before = repo.refs();
        const merge = { run: RUN, workspace, into, message: 'm', mergeId: 'm' };
        await expect(mergeBranch(host, merge)).rejects.toMatchObject({
          type: expect.stringMatching(/^(Git|Definition)\./) as string,
        });
        expect(repo.refs()).toEqual(before);
      }),
      { numRuns: 60 },
    );
  });

  it('a base is a commit of the repository, or refused', async () => {
    const known = new Set(repo.git('rev-list', '--all').split('\n'));
    await fc.assert(
      fc.asyncProperty(nasty, async (base) => {
        const commit = await resolveCommit(host.git, repo.path, base);
        expect(commit === undefined || known.has(commit)).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  it('a branch name passes only when git itself takes it for one', async () => {
    await fc.assert(
      fc.asyncProperty(nasty, async (name) => {
        const ref = await branchRef(host.git, repo.path, name).catch((error: { type: string }) => error.type);
        if (ref === 'Definition.Invalid') return;
        expect(ref).toBe(`refs/heads/${name}`);
        repo.git('update-ref', ref, workspace.baseCommit);
        repo.git('update-ref', '-d', ref);
      }),
      { numRuns: 100 },
    );
  });

  it('a message and an id are text of the merge commit, and the id finds it', async () => {
    let number = 0;
    await fc.assert(
      fc.asyncProperty(nasty, nasty, async (message, id) => {
        number += 1;
        GitRepository.at(workspace.path).commit({ 'a.txt': `${number}` });
        const mergeId = `${number} ${id.replaceAll('\0', '')}`;
        const merge = { run: RUN, workspace, into: 'main', message: message.replaceAll('\0', ''), mergeId };
        const merged = await mergeBranch(host, merge);
        expect(await mergeBranch(host, merge)).toEqual(merged);
        await unmerge(host, { repository: repo.path, into: 'main', mergeId });
        expect(repo.git('rev-parse', 'main')).toBe(workspace.baseCommit);
      }),
      { numRuns: 20 },
    );
  });

  it('a ref to take work in from is one of the run, or refused', async () => {
    const before = repo.refs();
    const known = repo.git('rev-parse', 'main');
    await fc.assert(
      fc.asyncProperty(nasty, nasty, fc.boolean(), async (name, head, isOurs) => {
        const ref = isOurs ? `refs/gantry/dispatches/${RUN.runId}/${name}` : name;
        const refused = receiveWork(host, { run: RUN, workspace, ref, head });
        await expect(refused).rejects.toMatchObject({ type: 'Git.Failed' });
        // A commit that the run has changes nothing, whatever the ref is called.
        if (isOurs) await receiveWork(host, { run: RUN, workspace, ref, head: known });
        expect(repo.refs()).toEqual(before);
      }),
      { numRuns: 40 },
    );
  });

  it('a run or stage is removed without touching anything else', async () => {
    const untouched = [repo.git('rev-parse', 'main'), repo.git('rev-parse', workspace.branch)];
    await fc.assert(
      fc.asyncProperty(nasty, nasty, async (runId, stage) => {
        const other = { repo: repo.path, runId, branch: runBranch(runId), stage };
        await removeWorkspace(host, { claim: other, keepUnmergedBranch: false }).catch((error: { type: string }) => {
          expect(error.type).toBe('Definition.Invalid');
        });
        expect([repo.git('rev-parse', 'main'), repo.git('rev-parse', workspace.branch)]).toEqual(untouched);
        expect((await stat(workspace.path)).isDirectory()).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  it('a repository is one that is there, or an address git may clone', async () => {
    await fc.assert(
      fc.asyncProperty(nasty, async (place) => {
        const other = { ...claim(), runId: 'other', branch: 'gantry/other', repo: join(root, 'x', place) };
        await expect(prepareWorkspace(host, { run: RUN, claim: other, ports: [] }, UNDISTURBED)).rejects.toBeDefined();
        for (const address of [`ext::${place}`, `fd::${place}`, `-${place}`, `user@host::${place}`]) {
          const claimed = { ...other, repo: address };
          const refused = prepareWorkspace(host, { run: RUN, claim: claimed, ports: [] }, UNDISTURBED);
          await expect(refused).rejects.toMatchObject({ type: 'Git.Failed' });
        }
      }),
      { numRuns: 20 },
    );
    expect(existsSync(join(process.cwd(), 'pwned'))).toBe(false);
  });
});

describe('file names of ids', () => {
  it('stay in their directory and never meet', () => {
    const id = fc.oneof(nasty, fc.string({ unit: 'grapheme' }), fc.stringMatching(/^[a-z0-9][a-z0-9_.-]{0,130}$/));
    fc.assert(
      fc.property(id, id, (first, second) => {
        const paths = hostPaths('/home');
        for (const path of [paths.run(first), paths.command(first, second), paths.release(first, second, first)]) {
          expect(relative('/home', path)).not.toMatch(/(^|\/)\.\.?(\/|$)/);
          expect(path.split('/').every((part) => Buffer.byteLength(part) <= 255)).toBe(true);
        }
        expect(fileName(first) === fileName(second)).toBe(first === second);
      }),
      { numRuns: 1_000 },
    );
  });
});
