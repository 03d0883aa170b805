/** A pipeline file with mistakes, and every line that is said about it, without the file's name. */
export interface BadFile {
  readonly what: string;
  readonly text: string;
  readonly says: readonly string[];
}

/** In the order of the grammar: the file, its fields, stages, the graph, kinds of stages, texts, nesting. */
export const BAD_FILES: readonly BadFile[] = [
  {
    what: 'an empty file',
    text: '',
    says: ['1:1  a pipeline is an object with name and stages, got nothing.'],
  },
  {
    what: 'a list',
    text: `- a
- b`,
    says: ['1:1  a pipeline is an object with name and stages, got a list.'],
  },
  {
    what: 'a key that stands twice',
    text: `name: x
stages:
  a: { run: x }
  a: { run: y }`,
    says: ['4:3  this key stands here twice.'],
  },
  {
    what: 'a tab',
    text: `name: x
stages:
	a: { run: x }`,
    says: ['3:1  a tab indents this line: YAML takes spaces only.'],
  },
  {
    what: 'an open bracket',
    text: `name: x
stages: { a: { run: x }
`,
    says: ['3:1  flow map in block collection must be sufficiently indented and end with a }.'],
  },
  {
    what: 'a tag',
    text: `name: !!js/function x
stages: { a: { run: x } }`,
    says: ['1:7  a tag stands here: only plain data is read.'],
  },
  {
    what: 'two documents',
    text: `name: x
stages: { a: { run: x } }
---
name: y`,
    says: ['3:1  a second document begins here: a file holds one pipeline.'],
  },
  {
    what: 'a key that is a list',
    text: `name: x
stages: { [a]: { run: x } }`,
    says: ['2:11  a key must be text.'],
  },
  {
    what: 'no name',
    text: `stages:
  a: { run: x }`,
    says: ['1:1  name is missing.'],
  },
  {
    what: 'no stages',
    text: 'name: x',
    says: ['1:1  stages is missing.'],
  },
  {
    what: 'stages without one',
    text: `name: x
stages: {}`,
    says: ['2:9  stages must hold at least one stage.'],
  },
  {
    what: 'a name in capitals',
    text: `name: My Pipeline
stages: { a: { run: x } }`,
    says: ['1:7  name must start with a letter and hold only a-z, 0-9, - and _ (40 at most), got "My Pipeline".'],
  },
  {
    what: 'a misspelt field',
    text: `name: x
stagse:
  a: { run: x }`,
    says: ['2:1  there is no field "stagse". Did you mean "stages"?'],
  },
  {
    what: 'a field nobody knows',
    text: `name: x
colour: red
stages: { a: { run: x } }`,
    says: ['2:1  there is no field "colour".'],
  },
  {
    what: 'a misspelt field of a stage',
    text: `name: x
stages:
  a: { rnu: npm test }`,
    says: ['3:8  stage "a": there is no field "rnu". Did you mean "run"?'],
  },
  {
    what: 'a misspelt field deep in a stage',
    text: `name: x
stages:
  a:
    gate:
      approvres: [lead]`,
    says: ['5:7  stage "a": there is no field "approvres" in gate. Did you mean "approvers"?'],
  },
  {
    what: 'evaluations that are none',
    text: `name: x
stages:
  a:
    prompt: x
    evaluate:
      - { length: ten }
      - { compiles: cobol }
      - { judge: Is it good?, at-least: 70 }`,
    says: [
      '6:19  stage "a": evaluate[1].length must be characters such as 100.., ..4000 or 100..4000, got "ten".',
      '7:21  stage "a": evaluate[2].compiles must be json, yaml, js, jsx, ts, tsx, sh or python, got "cobol".',
      '8:41  stage "a": evaluate[3].at-least must be a score between 0 and 1, such as 0.7, got 70.',
    ],
  },
  {
    what: 'evaluations that cannot be',
    text: `name: x
stages:
  a:
    prompt: x
    output: { title: string }
    evaluate:
      - { matches: '(' }
      - { length: 20..10 }
      - { matches: a, lacks: b }
      - {}
      - { lacks: TODO, at-least: 0.5 }
      - { judge: 'Is {{ output.titel }} good?' }`,
    says: [
      '7:20  stage "a": evaluate[1].matches is no regular expression: /(/mu: Unterminated group.',
      '8:19  stage "a": evaluate[2].length asks for at least 20 and at most 10 characters.',
      '9:9  stage "a": evaluate[3] must name exactly one of matches, lacks, length, compiles, run, judge, got matches and lacks. Write each as an entry of its own.',
      '10:9  stage "a": evaluate[4] must name exactly one of matches, lacks, length, compiles, run, judge, got nothing. Write each as an entry of its own.',
      '11:34  stage "a": evaluate[5].at-least goes with judge only.',
      '12:32  stage "a": evaluate[6].judge: there is no field "titel". Did you mean "title"?',
    ],
  },
  {
    what: 'evaluations of what is no answer',
    text: `name: x
stages:
  a: { run: x, evaluate: [{ lacks: TODO }] }
  b: { agent: codex, prompt: x, evaluate: { judge: Is it good? } }`,
    says: [
      '3:26  stage "a": evaluate goes with prompt only, and this is a run stage.',
      '4:43  stage "b": evaluate goes with prompt only, and this is an agent stage. Use contract.run or accept.',
    ],
  },
  {
    what: 'a bad stage id',
    text: `name: x
stages:
  Build It: { run: x }`,
    says: [
      '3:3  stage "Build It": the name "Build It" must start with a letter and hold only a-z, 0-9, - and _ (40 at most).',
    ],
  },
  {
    what: 'a stage that is text',
    text: `name: x
stages:
  a: npm test`,
    says: ['3:6  stage "a": must be an object, got "npm test".'],
  },
  {
    what: 'a stage that does nothing',
    text: `name: x
stages:
  a: { timeout: 5m }`,
    says: ['3:6  stage "a": does nothing. Give it one of run, prompt, gate, merge, service, pipeline or check.'],
  },
  {
    what: 'a stage that does two things',
    text: `name: x
stages:
  a: { run: x, prompt: y }`,
    says: ['3:6  stage "a": does one thing only, got run and prompt. Make it two stages.'],
  },
  {
    what: 'an agent without a prompt',
    text: `name: x
stages:
  a: { agent: codex, run: x }`,
    says: ['3:15  stage "a": agent needs a prompt.'],
  },
  {
    what: 'a command that is a number',
    text: `name: x
stages:
  a: { run: 5 }`,
    says: ['3:13  stage "a": run must be text, got 5.'],
  },
  {
    what: 'an empty command',
    text: `name: x
stages:
  a: { run: '' }`,
    says: ['3:13  stage "a": run is empty.'],
  },
  {
    what: 'a bad duration',
    text: `name: x
stages:
  a: { run: x, timeout: 5 minutes }`,
    says: ['3:25  stage "a": timeout must be a duration such as 30s, 5m or 1h30m, got "5 minutes".'],
  },
  {
    what: 'a duration without a unit',
    text: `name: x
stages:
  a: { run: x, timeout: 30 }`,
    says: ['3:25  stage "a": timeout must be a duration such as 30s, 5m or 1h30m, got 30.'],
  },
  {
    what: 'no time at all',
    text: `name: x
stages:
  a: { run: x, timeout: 0s }`,
    says: ['3:25  stage "a": timeout must be longer than 0.'],
  },
  {
    what: 'a year and a half',
    text: `name: x
stages:
  a: { run: x, timeout: 500d }`,
    says: ['3:25  stage "a": timeout must be at most 366d, got "500d".'],
  },
  {
    what: 'too many attempts',
    text: `name: x
stages:
  a:
    run: x
    retry:
      attempts: 30`,
    says: ['6:17  stage "a": retry.attempts must be a whole number between 1 and 10, got 30.'],
  },
  {
    what: 'a word that is none of the choices',
    text: `name: x
stages:
  a: { run: x, on-failure: contineu }`,
    says: ['3:28  stage "a": on-failure must be fail or continue, got "contineu". Did you mean "continue"?'],
  },
  {
    what: 'a mode that is none',
    text: `name: x
mode: auto_prd
stages: { a: { run: x } }`,
    says: [
      '2:7  mode must be observe, fix_forward, auto_staging or auto_prod, got "auto_prd". Did you mean "auto_prod"?',
    ],
  },
  {
    what: 'a budget below nothing',
    text: `name: x
budget: -5
stages: { a: { run: x } }`,
    says: ['2:9  budget must be more than 0 US dollars, got -5.'],
  },
  {
    what: 'an unknown need',
    text: `name: x
stages:
  frontend: { run: x }
  test:
    run: x
    needs: [frontnd]`,
    says: ['6:13  stage "test": needs "frontnd", which is no stage here. Did you mean "frontend"?'],
  },
  {
    what: 'a need that is a number',
    text: `name: x
stages:
  a: { run: x, needs: 5 }`,
    says: ['3:23  stage "a": needs must be text or a list, got 5.'],
  },
  {
    what: 'a stage that needs itself',
    text: `name: x
stages:
  a: { run: x, needs: a }`,
    says: ['3:16  stage "a": needs itself.'],
  },
  {
    what: 'a circle',
    text: `name: x
stages:
  a: { run: x, needs: c }
  b: { run: x, needs: a }
  c: { run: x, needs: b }`,
    says: ['3:23  stage "a": waits for itself: a -> c -> b -> a. Take one of these out of needs.'],
  },
  {
    what: 'a fix by a stage that is none',
    text: `name: x
stages:
  a: { run: x }
  b: { run: x, needs: a, on-failure: { fix: aa } }`,
    says: ['4:40  stage "b": on-failure.fix names "aa", which is no stage here. Did you mean "a"?'],
  },
  {
    what: 'a fix by a stage that comes later',
    text: `name: x
stages:
  a: { run: x, on-failure: { fix: [b] } }
  b: { run: x, needs: a }`,
    says: ['3:36  stage "a": on-failure.fix names "b", which does not end before this stage. Add "b" to needs.'],
  },
  {
    what: 'a fix by a gate',
    text: `name: x
stages:
  ok: { gate: {} }
  b: { run: x, needs: ok, on-failure: { fix: ok } }`,
    says: [
      '4:41  stage "b": on-failure.fix names "ok", a gate stage: only agent, prompt, run stages can be run again to fix.',
    ],
  },
  {
    what: 'a fix by itself',
    text: `name: x
stages:
  a: { run: x, on-failure: { fix: a } }`,
    says: ['3:30  stage "a": on-failure.fix names "a", the stage itself. Use retry to try it again as it is.'],
  },
  {
    what: 'a gate that gives up into a gate',
    text: `name: x
stages:
  a: { run: x }
  ok: { needs: a, gate: {}, on-failure: { fix: a, then: gate } }`,
    says: ['4:57  stage "ok": on-failure.then must not be gate on a gate. Write fail or continue.'],
  },
  {
    what: 'a gate nobody may open',
    text: `name: x
stages:
  ok: { gate: { approvers: [] } }`,
    says: ['3:28  stage "ok": gate.approvers is empty: nobody could open the gate. Name somebody, or * for anybody.'],
  },
  {
    what: 'a gate for more people than there are',
    text: `name: x
stages:
  ok: { gate: { approvers: [lead, boss], min: 3 } }`,
    says: ['3:47  stage "ok": gate.min is 3, but only 2 may approve: nobody could open the gate.'],
  },
  {
    what: 'a reminder after the deadline',
    text: `name: x
stages:
  ok: { gate: { deadline: 1h, remind: 2h } }`,
    says: ['3:39  stage "ok": gate.remind is 2h 00m, not before the deadline of 1h 00m.'],
  },
  {
    what: 'an escalation after the deadline',
    text: `name: x
stages:
  ok: { gate: { deadline: 1h, escalate: { after: 1h, to: boss } } }`,
    says: ['3:50  stage "ok": gate.escalate.after is 1h 00m, not before the deadline of 1h 00m.'],
  },
  {
    what: 'a gate with a timeout',
    text: `name: x
stages:
  ok: { gate: {}, timeout: 1h }`,
    says: ['3:28  stage "ok": timeout does not go with a gate. Use gate.deadline.'],
  },
  {
    what: 'an undo of a prompt',
    text: `name: x
stages:
  a: { prompt: x, undo: y }`,
    says: ['3:25  stage "a": undo goes with run only, and this is a prompt stage.'],
  },
  {
    what: 'an undo of a service',
    text: `name: x
stages:
  a: { service: { name: web, run: x }, undo: y }`,
    says: ['3:46  stage "a": undo goes with run only, and this is a service stage. A service is stopped by itself.'],
  },
  {
    what: 'a contract without an agent',
    text: `name: x
stages:
  a: { prompt: x, contract: { commits: 1.. } }`,
    says: [
      '3:29  stage "a": contract goes with agent only, and this is a prompt stage. Name the agent that gets the prompt, with agent.',
    ],
  },
  {
    what: 'a contract that cannot hold',
    text: `name: x
stages:
  a: { agent: codex, prompt: x, contract: { commits: 3..1 } }`,
    says: ['3:54  stage "a": contract.commits asks for at least 3 and at most 1.'],
  },
  {
    what: 'commits that are no range',
    text: `name: x
stages:
  a: { agent: codex, prompt: x, contract: { commits: some } }`,
    says: ['3:54  stage "a": contract.commits must be a count or a range such as 1.. or 1..3, got "some".'],
  },
  {
    what: 'a file outside',
    text: `name: x
stages:
  a: { agent: codex, prompt: x, contract: { files: [ok.txt, ../x, /etc/passwd] } }`,
    says: [
      '3:61  stage "a": contract.files[2] must not lead out of the workspace, got "../x".',
      '3:67  stage "a": contract.files[3] must be a path within the workspace, got "/etc/passwd".',
    ],
  },
  {
    what: 'an attached file outside',
    text: `name: x
stages:
  a: { prompt: x, attach: { file: a/../../b } }`,
    says: ['3:19  stage "a": attach[1].file must not lead out of the workspace, got "a/../../b".'],
  },
  {
    what: 'an attachment of another kind',
    text: `name: x
stages:
  a: { prompt: x, attach: [dif] }`,
    says: ['3:28  stage "a": attach[1] must be diff, got "dif". Did you mean "diff"?'],
  },
  {
    what: 'the log of a stage that is none',
    text: `name: x
stages:
  a: { run: x }
  b: { needs: a, prompt: x, attach: [{ log: aa }] }`,
    says: ['4:45  stage "b": attach[1].log names "aa", which is no stage here. Did you mean "a"?'],
  },
  {
    what: 'a check of nothing',
    text: `name: x
stages:
  a: { check: { for: 5m } }`,
    says: ['3:15  stage "a": check needs exactly one of http and run.'],
  },
  {
    what: 'a check of two things',
    text: `name: x
stages:
  a: { check: { http: 'http://localhost', run: x } }`,
    says: ['3:15  stage "a": check needs exactly one of http and run.'],
  },
  {
    what: 'text in what a command says',
    text: `name: x
stages:
  a: { check: { run: x, contains: ok } }`,
    says: ['3:35  stage "a": check.contains goes with http only.'],
  },
  {
    what: 'a check longer than its stage',
    text: `name: x
stages:
  a: { timeout: 1m, check: { run: x, for: 5m } }`,
    says: [
      '3:17  stage "a": timeout is 1m 00s, but the check may take 6m 00s. Make timeout longer, or check.within or check.for shorter.',
    ],
  },
  {
    what: 'a port out of range',
    text: `name: x
stages:
  a: { service: { name: web, run: x, port: 70000 } }`,
    says: [
      '3:44  stage "a": service.port must be a port between 1 and 65535, or a template such as "{{ run.ports.web }}", got 70000.',
    ],
  },
  {
    what: 'a service without a name',
    text: `name: x
stages:
  a:
    service:
      run: x`,
    says: ['4:5  stage "a": service.name is missing.'],
  },
  {
    what: 'a port that is not declared',
    text: `name: x
ports: [web]
stages:
  a: { run: 'serve {{ run.ports.wbe }}' }`,
    says: ['4:33  stage "a": run: there is no port "wbe". Did you mean "web"?'],
  },
  {
    what: 'a port declared twice',
    text: `name: x
ports: [web, web]
stages: { a: { run: x } }`,
    says: ['2:14  ports names "web" twice.'],
  },
  {
    what: 'an empty matrix',
    text: `name: x
stages:
  a: { run: x, matrix: { node: [] } }`,
    says: ['3:32  stage "a": matrix.node is an empty list: the stage would never run.'],
  },
  {
    what: 'a matrix with a value twice',
    text: `name: x
stages:
  a: { run: x, matrix: { node: [20, 20] } }`,
    says: ['3:32  stage "a": matrix.node holds 20 twice.'],
  },
  {
    what: 'a matrix of too many cells',
    text: `name: x
stages:
  a: { run: x, matrix: { i: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19], j: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19] } }`,
    says: ['3:24  stage "a": matrix makes 400 cells, more than 256.'],
  },
  {
    what: 'an input default of another type',
    text: `name: x
inputs: { n: { type: integer, default: many } }
stages: { a: { run: x } }`,
    says: ['2:40  inputs.n.default must be a whole number, got "many".'],
  },
  {
    what: 'an input default in quotes',
    text: `name: x
inputs: { n: { type: integer, default: '3' } }
stages: { a: { run: x } }`,
    says: ['2:40  inputs.n.default must be a whole number, got "3". Take it out of its quotes.'],
  },
  {
    what: 'a text default without quotes',
    text: `name: x
inputs: { n: { default: 5 } }
stages: { a: { run: x } }`,
    says: ['2:25  inputs.n.default must be text, got 5. Put it in quotes.'],
  },
  {
    what: 'a shape that is none',
    text: `name: x
stages:
  a: { prompt: x, output: { title: strng } }`,
    says: ['3:36  stage "a": output.title holds "strng", which is no shape. Did you mean "string"?'],
  },
  {
    what: 'a worktree for a gate',
    text: `name: x
stages:
  a: { gate: {}, workspace: shared }`,
    says: ['3:29  stage "a": workspace must be none in a gate stage, got "shared".'],
  },
  {
    what: 'an agent that commits without a worktree',
    text: `name: x
stages:
  a: { agent: codex, prompt: x, workspace: none, contract: { commits: 1.. } }`,
    says: ['3:71  stage "a": contract.commits needs a workspace. Take out workspace: none.'],
  },
  {
    what: 'a variable that is kept for gantry',
    text: `name: x
stages:
  a: { run: x, env: { GANTRY_OUTPUT: y } }`,
    says: ['3:23  stage "a": env.GANTRY_OUTPUT is kept for gantry itself, as all of GANTRY_….'],
  },
  {
    what: 'a variable that is a secret too',
    text: `name: x
stages:
  a: { run: x, env: { TOKEN: y }, secrets: [TOKEN] }`,
    says: ['3:23  stage "a": env.TOKEN is among the secrets too.'],
  },
  {
    what: 'a bad name of a variable',
    text: `name: x
stages:
  a: { run: x, env: { MY-VAR: y } }`,
    says: ['3:23  stage "a": the name "MY-VAR" must be the name of a variable: letters, digits and _.'],
  },
  {
    what: 'an unknown input in a template',
    text: `name: x
inputs: { request: {} }
stages:
  a: { prompt: 'Plan {{ inputs.reqest }}' }`,
    says: ['4:32  stage "a": prompt: there is no input "reqest". Did you mean "request"?'],
  },
  {
    what: 'an unknown stage in a template',
    text: `name: x
stages:
  plan: { prompt: x }
  a: { needs: plan, run: 'echo {{ stages.pln.output }}' }`,
    says: ['4:42  stage "a": run: there is no stage "pln". Did you mean "plan"?'],
  },
  {
    what: 'a stage that has not ended',
    text: `name: x
stages:
  plan: { prompt: x }
  a: { run: 'echo {{ stages.plan.output }}' }`,
    says: ['4:29  stage "a": run: stage "plan" does not end before this one. Add "plan" to needs.'],
  },
  {
    what: 'an unknown field of an output',
    text: `name: x
stages:
  plan: { prompt: x, output: { title: string } }
  a:
    needs: plan
    prompt: |
      Do this:
      {{ stages.plan.output.titel }}`,
    says: ['8:29  stage "a": prompt: there is no field "titel". Did you mean "title"?'],
  },
  {
    what: 'a stage with a dash in its id',
    text: `name: x
stages:
  code-review: { prompt: x }
  a: { needs: code-review, when: 'stages.code-review.output == 1', run: x }`,
    says: ['4:42  stage "a": when: there is no stage "code". Write stages["code-review"].'],
  },
  {
    what: 'a word the output never is',
    text: `name: x
stages:
  a: { prompt: x, output: { verdict: approve | revise }, accept: "output.verdict == 'aprove'" }`,
    says: [
      '3:85  stage "a": accept: output.verdict is never "aprove" but one of approve, revise. Did you mean "approve"?',
    ],
  },
  {
    what: 'a condition that is a number',
    text: `name: x
stages:
  a: { run: x, when: 1 + 1 }`,
    says: ['3:22  stage "a": when: must be true or false.'],
  },
  {
    what: 'braces around a condition',
    text: `name: x
stages:
  a: { run: x, when: '{{ 1 == 1 }}' }`,
    says: ['3:22  stage "a": when: an expression stands here, without {{ }}. Leave out the braces.'],
  },
  {
    what: 'an unfinished condition',
    text: `name: x
stages:
  a: { run: x, when: '1 ==' }`,
    says: ['3:27  stage "a": when: the expression ends too early.'],
  },
  {
    what: 'output where there is none yet',
    text: `name: x
stages:
  a: { run: x, when: output == 1 }`,
    says: ['3:22  stage "a": when: only accept sees output. Write stages.NAME.output for that of another stage.'],
  },
  {
    what: 'failure in a stage that fixes nothing',
    text: `name: x
stages:
  a: { prompt: '{{ failure.message }}' }`,
    says: [
      '3:20  stage "a": prompt: only a stage that another names in on-failure.fix sees failure. Write stages.NAME.status.',
    ],
  },
  {
    what: 'a hole that is never closed',
    text: `name: x
stages:
  a: { run: 'echo {{ inputs.x' }`,
    says: ['3:19  stage "a": run: {{ is never closed with }}. For two literal braces write {{ "{{" }}.'],
  },
  {
    what: 'a value where none is safe',
    text: `name: x
inputs: { n: {} }
stages:
  a: { run: 'echo $(({{ inputs.n }} + 1))' }`,
    says: [
      '4:24  stage "a": run: a value stands in $(( )), where it would be computed. Put it into a variable first, with env, and use that.',
    ],
  },
  {
    what: "a value in another shell's program",
    text: `name: x
inputs: { n: {} }
stages:
  a: { run: 'sh -c "echo {{ inputs.n }}"' }`,
    says: [
      '4:28  stage "a": run: a value would become program text of another shell. Pass it as an argument: sh -c \'echo "$1"\' sh {{ … }}.',
    ],
  },
  {
    what: 'the habit of another tool',
    text: `name: x
inputs: { n: {} }
stages:
  a: { run: 'echo \${{ inputs.n }}' }`,
    says: ['4:22  stage "a": run: a value stands behind a $. Write {{ … }} without the $.'],
  },
  {
    what: 'a stage in the set-up',
    text: `name: x
setup: echo {{ stages.a.output }}
stages: { a: { run: x } }`,
    says: ['2:23  setup: no stage has run yet. Use inputs or run.'],
  },
  {
    what: 'an unknown pipeline',
    text: `name: x
pipelines: { inner: { stages: { a: { run: x } } } }
stages:
  b: { pipeline: iner }`,
    says: ['4:18  stage "b": nests "iner", which is no pipeline here. Did you mean "inner"?'],
  },
  {
    what: 'an input the nested one does not have',
    text: `name: x
pipelines: { inner: { inputs: { n: { type: integer } }, stages: { a: { run: x } } } }
stages:
  b: { pipeline: inner, with: { n: many, m: 1 } }`,
    says: [
      '4:36  stage "b": with.n must be a whole number, got "many".',
      '4:42  stage "b": pipeline "inner" has no input "m". There is n.',
    ],
  },
  {
    what: 'an input the nested one needs',
    text: `name: x
pipelines: { inner: { inputs: { n: {} }, stages: { a: { run: x } } } }
stages:
  b: { pipeline: inner }`,
    says: ['4:3  stage "b": pipeline "inner" needs the input "n". Give it with: { n: … }.'],
  },
  {
    what: 'pipelines that nest each other',
    text: `name: x
pipelines:
  one: { stages: { a: { pipeline: two } } }
  two: { stages: { a: { pipeline: one } } }
stages: { a: { pipeline: one } }`,
    says: ['3:8  pipeline "one": nests itself: one -> two -> one. No run could end.'],
  },
  {
    what: 'a mistake in a nested pipeline',
    text: `name: x
pipelines:
  inner:
    stages:
      a: { run: x, neds: b }
stages: { a: { pipeline: inner } }`,
    says: ['5:20  pipeline "inner", stage "a": there is no field "neds". Did you mean "needs"?'],
  },
  {
    what: 'another project by no name',
    text: `name: x
after: { project: ../other }
stages: { a: { run: x } }`,
    says: [
      '2:19  after.project must start with a letter and hold only a-z, 0-9, - and _ (40 at most), got "../other".',
    ],
  },
  {
    what: 'many mistakes at once',
    text: `naem: x
mode: prod
stages:
  plan: { prompt: 'Plan {{ inputs.x }}', timeout: soon }
  test:
    needs: [plan, build]
    run: npm test
    retry: { attempts: 0 }
  ship: { needs: test, run: x, undoo: y }`,
    says: [
      '1:1  there is no field "naem". Did you mean "name"?',
      '2:7  mode must be observe, fix_forward, auto_staging or auto_prod, got "prod".',
      '4:35  stage "plan": prompt: there is no input "x".',
      '4:51  stage "plan": timeout must be a duration such as 30s, 5m or 1h30m, got "soon".',
      '6:19  stage "test": needs "build", which is no stage here. There are plan, ship.',
      '8:24  stage "test": retry.attempts must be a whole number between 1 and 10, got 0.',
      '9:32  stage "ship": there is no field "undoo". Did you mean "undo"?',
    ],
  },
  {
    what: 'an attachment that is a number',
    text: `name: x
stages:
  a: { prompt: x, attach: 5 }`,
    says: ['3:27  stage "a": attach must be diff, an object or a list, got 5.'],
  },
  {
    what: 'a stage that is an unknown kind of list',
    text: `name: x
stages:
  a: [run, x]`,
    says: ['3:6  stage "a": must be an object, got a list.'],
  },
  {
    what: 'a secret that is kept for gantry',
    text: `name: x
stages:
  a: { run: x, secrets: [GANTRY_KEY] }`,
    says: ['3:26  stage "a": secrets[1] "GANTRY_KEY" is kept for gantry itself, as all of GANTRY_….'],
  },
  {
    what: 'a need of many that is wrong',
    text: `name: x
stages:
  a: { run: x }
  b: { run: x, needs: [a, 5] }`,
    says: ['4:27  stage "b": needs[2] must start with a letter and hold only a-z, 0-9, - and _ (40 at most), got 5.'],
  },
  {
    what: 'an unknown choice within a choice',
    text: `name: x
stages:
  a: { run: x }
  b: { run: x, needs: a, on-failure: { fix: a, then: gaet } }`,
    says: ['4:54  stage "b": on-failure.then must be gate, fail or continue, got "gaet". Did you mean "gate"?'],
  },
  {
    what: 'a file as JSON where there is no file',
    text: `name: x
stages:
  b: { pipeline: ./missing.yaml }`,
    says: ['3:18  stage "b": pipeline "./missing.yaml" does not exist. The path is relative to this file.'],
  },
  {
    what: 'a program where data is wanted',
    text: `name: x
stages:
  b: { pipeline: ./missing.ts }`,
    says: ['3:18  stage "b": pipeline "./missing.ts" does not exist. The path is relative to this file.'],
  },
];
