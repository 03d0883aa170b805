import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { readConfined } from '../../../activities/attachments/confined-file';
import { renderAttachments } from '../../../activities/attachments/render-attachments';
import { workspaceDiff } from '../../../activities/attachments/workspace-diff';
import type { Workspace } from '../../../contracts/run';

let parent: string;
let dir: string;
const git = (...args: string[]) => execFileSync('git', args, { cwd: dir, encoding: 'utf8' }).trim();

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'gantry-attach-'));
  dir = join(parent, 'work');
  mkdirSync(join(dir, 'src'), { recursive: true });
  writeFileSync(join(parent, 'secret.txt'), 'outside');
  git('init', '-q');
  git('config', 'user.email', 'a@example.test');
  git('config', 'user.name', 'A');
  writeFileSync(join(dir, 'src', 'a.txt'), 'one\n');
  git('add', '.');
  git('commit', '-qm', 'first');
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

function workspace(): Workspace {
  const baseCommit = git('rev-list', '--max-parents=0', 'HEAD');
  return { repository: dir, path: dir, branch: 'b', base: 'main', baseCommit, ports: {} };
}

describe('a file', () => {
  it('of the workspace is read', async () => {
    expect(await readConfined(dir, 'src/a.txt', 100)).toBe('one\n');
    expect(await readConfined(dir, 'src/../src/a.txt', 100)).toBe('one\n');
  });

  it('that is long is cut, and says so', async () => {
    writeFileSync(join(dir, 'long'), 'x'.repeat(1_000));
    expect(await readConfined(dir, 'long', 10)).toBe('xxxxxxxxxx\n[the file has 1000 bytes and is cut here]');
  });

  it.each(['../secret.txt', '/etc/hostname', 'src/../../secret.txt', '..', 'link', 'linked/secret.txt'])(
    'outside of it is refused: %s',
    async (path) => {
      symlinkSync('../secret.txt', join(dir, 'link'));
      symlinkSync('..', join(dir, 'linked'));
      await expect(readConfined(dir, path, 100)).rejects.toMatchObject({ type: 'Path.Escapes', nonRetryable: true });
    },
  );

  it.each(['nope.txt', 'src', 'a\0b'])('that is none is said: %j', async (path) => {
    await expect(readConfined(dir, path, 100)).rejects.toMatchObject({ type: 'Definition.Invalid' });
  });

  it('is never read from outside, whatever the path', async () => {
    const part = fc.constantFrom('..', '.', 'src', 'a.txt', 'secret.txt', '', '~', '…', '..\\');
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 6 }), async (parts) => {
        const text = await readConfined(dir, parts.join('/'), 100).catch(() => '');
        expect(text).not.toContain('outside');
      }),
    );
  });
});

describe('a diff', () => {
  it('shows what is committed, what is not, and names new files', async () => {
    const at = workspace();
    writeFileSync(join(dir, 'src', 'a.txt'), 'two\n');
    git('commit', '-qam', 'second');
    writeFileSync(join(dir, 'src', 'a.txt'), 'three\n');
    writeFileSync(join(dir, 'new.txt'), 'new\n');
    const diff = await workspaceDiff(at, 10_000);
    expect(diff).toContain('-one\n+three');
    expect(diff).toContain('not in git yet:]\nnew.txt');
  });

  it('without a change says so', async () => {
    expect(await workspaceDiff(workspace(), 10_000)).toBe('(no change in tracked files)');
  });

  it('that is long is cut and summed up', async () => {
    const at = workspace();
    writeFileSync(join(dir, 'src', 'a.txt'), 'x\n'.repeat(10_000));
    const diff = await workspaceDiff(at, 2_000);
    expect(diff.length).toBeLessThan(3_000);
    expect(diff).toContain('longer than 2000 bytes');
    expect(diff).toContain('1 file changed');
  });

  it("runs nothing a repository's configuration names", async () => {
    const at = workspace();
    writeFileSync(join(dir, 'src', 'a.txt'), 'two\n');
    git('config', 'diff.external', `touch ${join(parent, 'ran')}; true`);
    git('config', 'core.fsmonitor', `touch ${join(parent, 'ran')}`);
    expect(await workspaceDiff(at, 10_000)).toContain('+two');
    expect(() => execFileSync('test', ['-e', join(parent, 'ran')])).toThrow();
  });

  it.each(['--output=/tmp/x', 'HEAD; rm', ''])('is never made from %j', async (baseCommit) => {
    await expect(workspaceDiff({ ...workspace(), baseCommit }, 100)).rejects.toMatchObject({ type: 'Git.Failed' });
  });
});

describe('rendered', () => {
  const readText = async () => 'log line\n'.repeat(40_000);

  it('nothing attached is nothing', async () => {
    expect(await renderAttachments([], undefined, { readText })).toBe('');
  });

  it('a long text loses its middle, for its end says why', async () => {
    const title = 'log of "test"';
    const text = await renderAttachments([{ kind: 'text', title, text: { inline: '' } }], undefined, { readText });
    expect(text.length).toBeLessThan(140_000);
    expect(text).toMatch(/^<attachment kind="text" title="log of {2}test ">\nlog line\n/);
    expect(text).toContain('characters left out …]');
    expect(text).toMatch(/log line\n<\/attachment>$/);
  });
});
