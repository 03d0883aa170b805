import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { createArtifactStore } from '../../../activities/artifacts/artifact-store';
import { EXCERPT_BYTES, INLINE_LIMIT_BYTES, type Text } from '../../../contracts/text';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'gantry-artifacts-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const stored = (text: Text) => {
  if ('inline' in text) throw new Error('inline');
  return text;
};

describe('the artifact store', () => {
  it('keeps short texts inline, up to the limit', async () => {
    const store = createArtifactStore(root);
    const text = 'ä'.repeat(INLINE_LIMIT_BYTES / 2);
    expect(await store.storeText(text)).toEqual({ inline: text });
    expect(await readdir(root)).toEqual([]);
    expect(stored(await store.storeText(`${text}.`)).bytes).toBe(INLINE_LIMIT_BYTES + 1);
  });

  it('gives every text back as it was', async () => {
    const store = createArtifactStore(root);
    const unit = fc.constantFrom('a', 'ä', '€', '😀', '\n');
    const text = fc
      .tuple(fc.string({ unit, maxLength: 300 }), fc.integer({ min: 0, max: 400 }))
      .map(([part, times]) => part.repeat(times));
    await fc.assert(
      fc.asyncProperty(text, async (written) => {
        const kept = await store.storeText(written);
        expect(await store.readText(kept)).toBe(written);
        if ('inline' in kept) return;
        expect(written.startsWith(kept.head) && written.endsWith(kept.tail)).toBe(true);
        for (const excerpt of [kept.head, kept.tail]) {
          expect(Buffer.byteLength(excerpt)).toBeGreaterThan(EXCERPT_BYTES - 4);
          expect(Buffer.byteLength(excerpt)).toBeLessThanOrEqual(EXCERPT_BYTES);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('keeps the same text once, also when stored at the same time', async () => {
    const store = createArtifactStore(root);
    const all = await Promise.all(Array.from({ length: 5 }, () => store.storeText('same '.repeat(10_000))));
    expect(new Set(all.map((text) => stored(text).artifact)).size).toBe(1);
    expect((await readdir(root)).length).toBe(1); // one two-letter directory, and no drafts
  });

  it('stores 50 MB in bounded memory', async () => {
    const store = createArtifactStore(root);
    const line = `${'x'.repeat(63)}\n`;
    const chunk = Buffer.from(line.repeat(1024));
    let peak = 0;
    const source = Readable.from(
      (function* () {
        for (let sent = 0; sent < 800; sent += 1) {
          peak = Math.max(peak, process.memoryUsage().arrayBuffers);
          yield chunk;
        }
      })(),
    );
    const before = process.memoryUsage().arrayBuffers;
    const text = stored(await store.storeText(source));
    const hash = createHash('sha256');
    for (let sent = 0; sent < 800; sent += 1) hash.update(chunk);
    expect(text).toMatchObject({ bytes: 800 * 65_536, artifact: `sha256:${hash.digest('hex')}` });
    expect(peak - before).toBeLessThan(25 * 1024 * 1024);
  });

  it('refuses names that lead elsewhere, missing and damaged artifacts', async () => {
    const store = createArtifactStore(root);
    const reference = (artifact: string): Text => ({ artifact, bytes: 1, head: '', tail: '' });
    const missing: unknown = expect.objectContaining({ type: 'Artifact.Missing' });
    await expect(store.readText(reference('sha256:../../../../etc/passwd'))).rejects.toEqual(missing);
    await expect(store.readText(reference(`sha256:${'0'.repeat(64)}`))).rejects.toEqual(missing);
    const kept = stored(await store.storeText('y'.repeat(20_000)));
    const digest = kept.artifact.slice('sha256:'.length);
    await writeFile(join(root, digest.slice(0, 2), digest), 'something else');
    await expect(store.readText(kept)).rejects.toEqual(missing);
  });
});
