import { ELSEWHERE, rowsOf, type Recorded } from './recorded';

const row = rowsOf('ollama');
const error = (words: string) => ({ error: words });

export const OLLAMA_FAILURES: readonly Recorded[] = [
  row('queue full', 503, error('server busy, please try again.  maximum pending requests exceeded'), 'Overloaded'),
  row('unknown model', 404, error("model 'nope' not found"), 'NotFound'),
  row('no memory', 500, error('model requires more system memory (12 GiB) than is available (8 GiB)'), 'ServerError', {
    retryable: false,
    counts: 'permanent',
    scope: 'model',
  }),
  row('crash', 500, error('llama runner process has terminated: exit status 2'), 'ServerError', { scope: 'model' }),
  row('another failure', 500, error('something else'), 'ServerError'),
  row('no tools', 400, error('"gemma" does not support tools'), 'Request', ELSEWHERE),
  row('malformed', 400, error('json: cannot unmarshal string'), 'Request'),
  row('too long', 400, error('the prompt is longer than the context length currently available'), 'Request', ELSEWHERE),
  row('cloud without a key', 401, error('unauthorized'), 'Auth'),
  row('cloud limit', 429, error('you have reached your hourly usage limit'), 'RateLimited', { counts: 'limit' }),
  row('a proxy in front', 502, '<html>Bad Gateway</html>', 'ServerError'),
];
