export interface Review {
  readonly verdict: 'approve' | 'revise';
  readonly comments: readonly string[];
}

interface FileChange {
  readonly path: string;
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

/** A review of the diff in a request: what a script can see in one, and no more. */
export function reviewDiff(request: string): Review {
  const changes = changesIn(request);
  if (changes.length === 0) return { verdict: 'revise', comments: ['There is no change to review.'] };
  const faults = [...changes.flatMap(faultsOf), ...missingTests(changes)];
  if (faults.length > 0) return { verdict: 'revise', comments: faults };
  return { verdict: 'approve', comments: [summary(changes)] };
}

/** The files of a unified diff with the lines it adds and removes. */
function changesIn(text: string): FileChange[] {
  const [, ...files] = text.split(/^diff --git /m);
  return files.map((file) => {
    const lines = file.split('\n');
    // Without hunks (a binary file, a mode) only the first line names the file.
    const named = lines.find((line) => line.startsWith('+++ b/'))?.slice('+++ b/'.length);
    const path = named ?? / b\/(.*)$/.exec(lines[0] ?? '')?.[1] ?? 'a file';
    const hunks = lines.slice(
      Math.max(
        0,
        lines.findIndex((line) => line.startsWith('@@')),
      ),
    );
    const starting = (sign: string) => hunks.filter((line) => line.startsWith(sign)).map((line) => line.slice(1));
    return { path, added: starting('+'), removed: starting('-') };
  });
}

const LEFTOVERS: readonly (readonly [RegExp, string])[] = [
  [/\bconsole\.(log|debug|dir)\(/, 'prints for debugging'],
  [/^\s*debugger\b/, 'stops in a debugger'],
  [/\b(test|it|describe)\.only\(/, 'leaves all other tests out'],
  [/\b(TODO|FIXME|XXX)\b/, 'leaves something to do'],
  [/^(<{7}|>{7}|={7})( |$)/, 'holds a conflict marker'],
];

function faultsOf({ path, added }: FileChange): string[] {
  return LEFTOVERS.flatMap(([pattern, what]) => {
    const line = added.find((text) => pattern.test(text));
    return line === undefined ? [] : [`${path} ${what}: ${line.trim()}`];
  });
}

function missingTests(changes: readonly FileChange[]): string[] {
  const code = changes.filter(({ path }) => /\.[cm]?[jt]sx?$/.test(path) && !isTest(path));
  if (code.length === 0 || changes.some(({ path, added }) => isTest(path) && added.length > 0)) return [];
  return [`No test comes with the change of ${code.map(({ path }) => path).join(', ')}.`];
}

function isTest(path: string): boolean {
  return /(^|\/)tests?\/|\.(test|spec)\.[^/]+$/.test(path);
}

function summary(changes: readonly FileChange[]): string {
  const lines = (pick: 'added' | 'removed') => changes.reduce((sum, change) => sum + change[pick].length, 0);
  const tests = changes.filter(({ path }) => isTest(path)).length;
  const files = changes.map(({ path }) => path).join(', ');
  return `${files}: +${lines('added')} −${lines('removed')}, ${tests} of them tests; nothing left over from debugging.`;
}
