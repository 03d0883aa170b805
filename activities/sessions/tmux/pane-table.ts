import { listPanes, type Pane } from './pane';
import type { TmuxServer } from './tmux-server';

const FRESH_MS = 2_000;

/** The panes of a server, asked for every two seconds for however many agents: each asking is a process of its own. */
export interface PaneTable {
  /** The pane of an agent; undefined where there is none. Fails: TmuxError. */
  find(agentId: string): Promise<Pane | undefined>;
  /** Something was changed: the next answer must be a new one. */
  forget(): void;
}

export function paneTable(server: TmuxServer): PaneTable {
  let known: { readonly at: number; readonly panes: Promise<ReadonlyMap<string, Pane>> } | undefined;
  const ask = () => {
    known = { at: Date.now(), panes: listPanes(server) };
    known.panes.catch(() => undefined); // whoever waits for it is told
    return known.panes;
  };
  return {
    async find(agentId) {
      if (known === undefined || Date.now() - known.at > FRESH_MS) return (await ask()).get(agentId);
      // It may have been made since: only a new answer can say that it is not there.
      return (await known.panes.catch(() => undefined))?.get(agentId) ?? (await ask()).get(agentId);
    },
    forget() {
      known = undefined;
    },
  };
}
