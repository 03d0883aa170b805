import { readFileSync } from 'node:fs';
import { createHostActivities, type HostActivities } from '../../activities/host-activities';
import { createSecrets } from '../../activities/secrets/secrets';

// One activity of a host in a process of its own, to be killed: `node host-once.js request.json`.

export interface HostRequest {
  readonly home: string;
  readonly secrets: Readonly<Record<string, string>>;
  readonly activity: keyof HostActivities;
  readonly input: unknown;
}

const { home, secrets, activity, input } = JSON.parse(readFileSync(process.argv[2]!, 'utf8')) as HostRequest;
const activities = createHostActivities({
  home,
  secrets: createSecrets(secrets),
  environment: process.env,
  log: { info: () => undefined, warn: () => undefined },
});
const act = activities[activity] as (input: unknown) => Promise<unknown>;
act(input).then(
  (result) => process.stdout.write(JSON.stringify(result)),
  (error: unknown) => {
    process.stderr.write(String(error));
    process.exitCode = 1;
  },
);
