import { quote } from '../tmux/launch-script';

// Programs that an agent calls at its events. Plain shell, for they run many times a turn; they never fail, for some
// agents take a failed hook for an order to stop; and they read no more than this of what they are told.
const MAX_BYTES = 4_000_000;

const APPEND = `append() { dd obs=${MAX_BYTES + 4096} >> "$events"; }`;

/** Adds what it is told to the file of events, as one line and with one write, so that no two of them mix. */
export function hookScript(eventsPath: string): string {
  return [
    '#!/bin/sh',
    'exec 2>/dev/null',
    `events=${quote(eventsPath)}`,
    APPEND,
    `{ head -c ${MAX_BYTES} | tr -d '\\r\\n'; echo; } | append`,
    'exit 0',
    '',
  ].join('\n');
}

export interface AskScript {
  readonly eventsPath: string;
  readonly answersDir: string;
  /** How long to wait for an answer; none is a no. */
  readonly limitMs: number;
}

/**
 * Tells of a wish for a permission under an id of its own, waits until people have answered it, and passes the answer
 * on. It ends with the agent that called it.
 */
export function askScript({ eventsPath, answersDir, limitMs }: AskScript): string {
  return `#!/bin/sh
exec 2>/dev/null
events=${quote(eventsPath)}
answers=${quote(answersDir)}
${APPEND}
id="$(date +%s)-$$"
asked=$(head -c ${MAX_BYTES} | tr -d '\\r\\n')
printf '{"ask_id":"%s",%s\\n' "$id" "\${asked#?}" | append
looks=${Math.ceil(limitMs / 500)}
until [ -s "$answers/$id.json" ]; do
  [ "$looks" -gt 0 ] || break
  kill -0 "$PPID" || exit 0
  sleep 0.5 || sleep 1
  looks=$((looks - 1))
done
answer=$(tr -d '\\r\\n' < "$answers/$id.json")
if printf '%s' "$answer" | grep -Eq '"allow" *: *true'; then
  decision='{"behavior":"allow"}'
else
  words=$(printf '%s' "$answer" | sed -nE 's/.*"text" *: *("([^"\\\\]|\\\\.)*").*/\\1/p')
  [ -n "$words" ] || words='"This was not allowed."'
  [ -n "$answer" ] || words='"Nobody answered in time."'
  decision="{\\"behavior\\":\\"deny\\",\\"message\\":$words}"
fi
printf '{"hook_event_name":"PermissionAnswered","ask_id":"%s"}\\n' "$id" | append
printf '{"hookSpecificOutput":{"hookEventName":"PermissionRequest","decision":%s}}\\n' "$decision"
exit 0
`;
}
