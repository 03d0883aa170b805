import { createHash } from 'node:crypto';
import type { BenchContext } from '../benchmark';
import type { Figure } from '../figures';
import { promptText } from './agent-log';
import { Fleet } from './fleet';
import { send } from './prompts';
import { seededRandom } from './seeded-random';

const BYTES = 200 * 1024;
const TIMES = 5;

/** A prompt that no box takes arrives byte by byte as it was sent: the agent says the hash of what it read. */
export async function longPrompt(context: BenchContext): Promise<Figure[]> {
  const fleet = await Fleet.start(context, 'long');
  try {
    await fleet.addHost({ name: 'long', sessions: 1, warm: false });
    context.say(`sessions: prompts of ${BYTES} bytes`);
    const more = longText(BYTES);
    let exact = 0;
    for (let time = 0; time < TIMES; time += 1) {
      const sent = await send(fleet, { workMs: 50, more });
      await sent.result();
      const text = promptText({ run: sent.run, workMs: 50, children: false }) + more;
      const sha256 = createHash('sha256').update(text).digest('hex');
      const taken = fleet.log.of('prompt').filter(({ run }) => run === sent.run);
      if (taken.length === 1 && taken[0]!.sha256 === sha256) exact += 1;
    }
    const bytes = fleet.log.of('prompt')[0]?.bytes ?? 0;
    return [
      { name: 'long prompt: bytes', unit: 'count', pairs: [{ ours: bytes }] },
      { name: `long prompt: not byte-exact, of ${TIMES}`, unit: 'count', pairs: [{ ours: TIMES - exact }], limit: 0 },
    ];
  } finally {
    await fleet.stop();
  }
}

/** What prompts hold and terminals do not like: other scripts, quotes, backslashes, tabs, template braces, empty lines. */
const WORDS = [
  'naïve',
  '日本語',
  '"quoted"',
  "it's",
  '\\n',
  '\ttab',
  '$HOME',
  '`code`',
  '🙂',
  'plain',
  '\n\n',
  '{{ x }}',
];

function longText(bytes: number): string {
  const random = seededRandom(200);
  let text = '\n';
  while (Buffer.byteLength(text) < bytes) text += `${WORDS[Math.floor(random() * WORDS.length)]} `;
  return `${text}end`;
}
