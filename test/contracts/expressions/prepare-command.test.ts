import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import type { ExpressionScope } from '../../../contracts/definition';
import { prepareCommand } from '../../../contracts/expressions';

// Real `sh`, in an empty folder: what a program sees is read back byte for byte, and a value that got to run would
// leave a file behind.

const SEEN = `seen() { node -e 'process.stdout.write(JSON.stringify(process.argv.slice(1)))' -- "$@"; }`;

const folder = mkdtempSync(join(tmpdir(), 'gantry-command-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a value in a command', () => {
  const hostile = [
    '$(touch pwned)',
    '`touch pwned`',
    '"; touch pwned; "',
    "'; touch pwned; '",
    '"$(touch pwned)"',
    '\n touch pwned \n',
    '${IFS}touch${IFS}pwned',
    '-n',
    '~',
    '*',
    '\\',
    'EOF',
  ];
  const syntax = fc.constantFrom('$', '`', '"', "'", '\\', '\n', ' ', '(', ')', '{', '}', ';', '&', '|', '*', '#', 'x');
  const value = fc
    .oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.string({ unit: syntax }),
      fc.constantFrom(...hostile),
      fc.tuple(syntax, fc.constantFrom(...hostile), syntax).map((parts) => parts.join('')),
    )
    .filter((text) => !text.includes('\0'));

  it('arrives as it is, as one argument, and nothing of it runs', () => {
    const template = [
      `# it's {{ inputs.a }}`,
      SEEN,
      `seen {{ inputs.a }} "x{{ inputs.b }}y" 'x{{ inputs.a }}y' pre{{ inputs.b }}post \\`,
      `  "$(printf '%s.' {{ inputs.a }})" "$(printf '%s.' "$(printf %s "{{ inputs.b }}")")" \\`,
      `  "\${HOME:+x}{{ inputs.b }}" --opt={{ inputs.a }} $(case x in x) echo '{{ inputs.b }}' >/dev/null; echo c ;; esac) {{ inputs.b }}`,
    ].join('\n');
    fc.assert(
      fc.property(value, value, (a, b) => {
        const trimmed = `${b.replace(/\n+$/, '')}.`;
        expect(argumentsOf(template, { a, b })).toEqual([
          ...[a, `x${b}y`, `x${a}y`, `pre${b}post`, `${a}.`, trimmed, `x${b}`, `--opt=${a}`, 'c', b],
        ]);
        expect(readdirSync(folder)).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });

  it('arrives as it is in a here-document', () => {
    const template = `cat <<-"ONE" >/dev/null; cat <<TWO; printf '%s' {{ inputs.a }}\n\tdon't "$(\n\tONE\nit's <{{ inputs.a }}>\nTWO\n`;
    fc.assert(
      fc.property(value, (a) => {
        expect(run(template, { a }).stdout.toString()).toBe(`it's <${a}>\n${a}`);
        expect(readdirSync(folder)).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });

  it('may be empty, a number, a list or an object', () => {
    const inputs = { empty: '', n: 3, xs: ['a b'], o: { k: "it's" } };
    const template = `${SEEN}\nseen {{ inputs.empty }} {{ inputs.n + 1 }} {{ inputs.xs }} '{{ inputs.o }}'`;
    expect(argumentsOf(template, inputs)).toEqual(['', '4', '["a b"]', '{"k":"it\'s"}']);
  });
});

describe('a prepared command', () => {
  it('holds references in the program and values in variables', () => {
    const prepared = prepareCommand(`deploy {{ inputs.a }} "{{ run.id }}" '{{ inputs.a }}'`, scope({ a: 'x' }), {
      env: { TARGET: 'eu-{{ inputs.a }}' },
      secrets: ['TOKEN'],
    });
    expect(prepared).toEqual({
      command: `deploy "\${GANTRY_V1}" "\${GANTRY_V2}" ''"\${GANTRY_V3}"''`,
      env: { TARGET: 'eu-x', GANTRY_V1: 'x', GANTRY_V2: 'r-1', GANTRY_V3: 'x' },
      secrets: ['TOKEN'],
    });
  });

  it('is untouched without values, however odd it looks', () => {
    const odd = `echo 'unclosed; x=\${y:-"'"}; cat <<E\n"\n$((1 + 2`;
    expect(prepareCommand(odd, scope({}), { env: {}, secrets: [] }).command).toBe(odd);
  });

  it.each([
    ['echo \\{{ inputs.a }}', 'a value stands behind a backslash'],
    ['echo "\\{{ inputs.a }}"', 'a value stands behind a backslash'],
    ['echo ${{ inputs.a }}', 'a value stands behind a $'],
    ['echo "${{ inputs.a }}"', 'a value stands behind a $'],
    ['echo $((1 + {{ inputs.a }}))', 'a value stands in $(( ))'],
    ['echo ${x:-{{ inputs.a }}}', 'a value stands in ${ }'],
    ['echo "${x:-{{ inputs.a }}}"', 'a value stands in ${ }'],
    ['echo `echo {{ inputs.a }}`', 'a value stands between backticks'],
    ["echo $'{{ inputs.a }}'", "a value stands in $' '"],
    ["cat <<'E'\n{{ inputs.a }}\nE", 'a value stands in a here-document with a quoted end word'],
    ['cat <<E\n$(date) {{ inputs.a }}\nE', 'a value stands in a here-document that runs commands itself'],
    ['cat <<{{ inputs.a }}\nE', 'a value stands as the end word of a here-document'],
    ['sh -c "echo {{ inputs.a }}"', 'a value would become program text of another shell'],
    ["docker exec box /bin/bash -lc 'echo {{ inputs.a }}'", 'a value would become program text of another shell'],
    ['X=1 sh -c \\\n {{ inputs.a }}', 'a value would become program text of another shell'],
    ['eval "x={{ inputs.a }}"', 'a value would become program text of another shell'],
    ['true && eval {{ inputs.a }}', 'a value would become program text of another shell'],
    ['echo "{{ inputs.a }}', 'the quotes of the command do not balance'],
    ["echo it's {{ inputs.a }}", 'the quotes of the command do not balance'],
  ])('refuses %j: no writing would be safe there', (template, message) => {
    expect(() => prepare(template, { a: 'x' })).toThrow(message);
  });

  it.each([
    [`sh -c 'printf %s "$1"' sh {{ inputs.a }}`, 'v'],
    ['printf "\\$%s" "{{ inputs.a }}"', '$v'],
    ['printf \\\\%s {{ inputs.a }}', '\\v'],
    ['x=eval; printf "$x%s" {{ inputs.a }}', 'evalv'],
    ['printf %s $((1 + 2)){{ inputs.a }}', '3v'],
    ['printf %s a#{{ inputs.a }} # {{ inputs.a }}', 'a#v'],
    ['(printf %s {{ inputs.a }})', 'v'],
    ['case a in a) printf %s {{ inputs.a }} ;; esac', 'v'],
    ['printf %s "$(printf %s ")")"{{ inputs.a }}', ')v'],
  ])('knows that %j is safe', (template, printed) => {
    expect(run(template, { a: 'v' }).stdout.toString()).toBe(printed);
  });

  it('refuses a value no variable can hold', () => {
    expect(() => prepare('echo {{ inputs.a }}', { a: 'x\0y' })).toThrow('a value holds a NUL character');
    expect(() => prepare('echo {{ inputs.a }}', { a: 'é'.repeat(70_000) })).toThrow('over 128 KiB');
    expect(
      run('printf %s {{ inputs.a }} | wc -c', { a: 'x'.repeat(130_000) })
        .stdout.toString()
        .trim(),
    ).toBe('130000');
  });
});

function argumentsOf(template: string, inputs: ExpressionScope['inputs']): unknown {
  return JSON.parse(run(template, inputs).stdout.toString());
}

function run(template: string, inputs: ExpressionScope['inputs']) {
  const { command, env } = prepare(template, inputs);
  const ran = spawnSync('sh', ['-c', command], { env: { ...process.env, ...env }, cwd: folder });
  expect(ran.stderr.toString()).toBe('');
  return ran;
}

function prepare(template: string, inputs: ExpressionScope['inputs']) {
  return prepareCommand(template, scope(inputs), { env: {}, secrets: [] });
}

function scope(inputs: ExpressionScope['inputs']): ExpressionScope {
  return { inputs, run: { id: 'r-1' }, stages: {}, matrix: {} };
}
