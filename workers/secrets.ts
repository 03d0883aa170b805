import { createRedactor, type Redactor } from '../activities/secrets/redactor';
import { createSecrets, type Secrets } from '../activities/secrets/secrets';
import { namesOfKeys } from './config-file';

/** Variables that hold a secret, by their names: the worker keeps their values out of everything it writes. */
const SECRET_NAME = /(?:^|_)(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD|PWD|CREDENTIALS?|PAT|DSN)(?:$|_)|API_?KEY/i;

/** `PWD` is the working directory everywhere but in names that end in it. */
const NO_SECRETS: ReadonlySet<string> = new Set(['PWD', 'OLDPWD']);

/**
 * The secrets of an environment: what stages may ask for by name, and what is masked wherever it shows. What the
 * configuration of models calls a key is one, whatever its name. Fails: ConfigurationInvalid.
 */
export function secretsOf(environment: NodeJS.ProcessEnv): { secrets: Secrets; redactor: Redactor } {
  const keys = new Set(namesOfKeys(environment));
  const values = Object.fromEntries(
    Object.entries(environment).filter(
      (entry): entry is [string, string] => isSecret(entry[0], keys) && entry[1] !== undefined && entry[1] !== '',
    ),
  );
  const secrets = createSecrets(values);
  return { secrets, redactor: createRedactor(secrets.all()) };
}

function isSecret(name: string, keys: ReadonlySet<string>): boolean {
  return keys.has(name) || (SECRET_NAME.test(name) && !NO_SECRETS.has(name));
}
