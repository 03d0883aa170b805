/** What a command may see of the worker's environment: how to find programs, a home, a network, a language. */
// prettier-ignore
const ALLOWED = new Set([
  'PATH', 'HOME', 'LANG', 'LANGUAGE', 'TERM', 'TMPDIR', 'TMP', 'TEMP', 'USER', 'LOGNAME', 'SHELL', 'TZ',
  'SSH_AUTH_SOCK', 'NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'SSL_CERT_DIR', 'CURL_CA_BUNDLE', 'REQUESTS_CA_BUNDLE',
  'GIT_SSL_CAINFO', 'XDG_CACHE_HOME', 'XDG_CONFIG_HOME', 'XDG_DATA_HOME', 'XDG_RUNTIME_DIR',
  'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'ALL_PROXY', 'JAVA_HOME', 'GOPATH', 'GOROOT', 'CARGO_HOME', 'RUSTUP_HOME',
  'NVM_DIR', 'PNPM_HOME', 'VOLTA_HOME', 'PYENV_ROOT',
]);

/**
 * The environment commands and agents start from. Everything that is not known to be harmless is left out, so that
 * a provider's key in the worker's environment reaches only the stage that names it in `secrets`.
 */
export function commandEnvironment(base: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const entries = Object.entries(base).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries(entries.filter(([name]) => isAllowed(name)));
}

function isAllowed(name: string): boolean {
  return ALLOWED.has(name) || ALLOWED.has(name.toUpperCase()) || name.startsWith('LC_');
}
