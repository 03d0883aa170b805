import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import type { SearchAttributeUpdatePair } from '@temporalio/common';
import type { RunStatus } from '../../contracts/run';
import { SEARCH_ATTRIBUTES } from '../../contracts/search-attributes';
import type { RunContext } from './run-context';
import { detailsOf, openGates, statusOf } from './view';

/**
 * Tell the Web UI how the run stands. The details cost nothing. A search attribute costs an event, so they are set
 * when a run begins to wait, goes on, gives long work away or ends, and not for every stage.
 */
export class Publisher {
  private last = { status: 'RUNNING' as RunStatus, waitingFor: '', stage: '' };

  constructor(private readonly run: RunContext) {}

  publish(): void {
    setCurrentDetails(detailsOf(this.run));
    const now = {
      status: statusOf(this.run),
      waitingFor: this.run.state.ended === undefined ? openGates(this.run).join(',') : '',
      stage: this.longStage(),
    };
    const { last } = this;
    if (now.status === last.status && now.waitingFor === last.waitingFor && now.stage === last.stage) return;
    this.last = now;
    const pairs: SearchAttributeUpdatePair[] = [
      { key: SEARCH_ATTRIBUTES.status, value: now.status },
      {
        key: SEARCH_ATTRIBUTES.waitingFor,
        value: now.waitingFor === '' ? null : now.waitingFor.slice(0, 255),
      },
      { key: SEARCH_ATTRIBUTES.stage, value: now.stage === '' ? null : now.stage.slice(0, 255) },
      { key: SEARCH_ATTRIBUTES.costUsd, value: this.run.state.costUsd },
    ];
    upsertSearchAttributes(pairs);
  }

  /** The stage that people look for in a list: one that waits, or that an agent or a nested run works on. */
  private longStage(): string {
    const isLong = (key: string): boolean => {
      const record = this.run.state.stages[key];
      return record?.status === 'waiting' || record?.kind === 'agent' || record?.kind === 'pipeline';
    };
    return [...this.run.busy].find(isLong) ?? this.last.stage;
  }
}
