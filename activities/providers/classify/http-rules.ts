import type { Rule } from './rule';

/** What a status, or the lack of one, means where no vendor says more. Ends every vendor's table. */
export const HTTP_RULES: readonly Rule[] = [
  { when: { statusBetween: [200, 399] }, type: 'Provider.BadResponse' },
  { when: { status: [401, 403, 407] }, type: 'Provider.Auth' },
  { when: { status: [402] }, type: 'Provider.Quota' },
  { when: { status: [404, 410] }, type: 'Provider.NotFound' },
  { when: { status: [408] }, type: 'Provider.Timeout' },
  // A lock held by another request, a replay asked for, a connection the other side gave up: all pass.
  { when: { status: [409, 425, 499] }, type: 'Provider.ServerError' },
  { when: { status: [429] }, type: 'Provider.RateLimited' },
  { when: { status: [501] }, type: 'Provider.Request' },
  { when: { status: [503, 529] }, type: 'Provider.Overloaded' },
  { when: { statusBetween: [500, 599] }, type: 'Provider.ServerError' },
  { when: { statusBetween: [400, 499] }, type: 'Provider.Request' },
  {
    when: {
      cause: /^(UND_ERR_(HEADERS|BODY|CONNECT)_TIMEOUT|E(SOCKET)?TIMEDOUT|APIConnectionTimeoutError|TimeoutError)$/,
    },
    type: 'Provider.Timeout',
  },
  {
    when: { cause: /^(UND_ERR_|E(CONN|HOST|NET|PIPE|AI_)|ENOTFOUND|CERT_|DEPTH_ZERO|SELF_SIGNED|ERR_TLS|UNABLE_TO)/ },
    type: 'Provider.Network',
  },
  { when: { cause: /^SyntaxError$/ }, type: 'Provider.BadResponse' },
  { when: { cause: /^APIConnectionError$/ }, type: 'Provider.Network' },
  { when: { cause: /^TypeError$/, message: /fetch failed|terminated/ }, type: 'Provider.Network' },
];
