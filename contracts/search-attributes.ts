import { defineSearchAttributeKey } from '@temporalio/common';

/**
 * What a run can be found by, in `gantry list` and in the Web UI. SQL visibility has room for ten keywords and
 * three of each other type in a namespace, so there are few, and all start with `Gantry`.
 */
export const SEARCH_ATTRIBUTES = {
  project: defineSearchAttributeKey('GantryProject', 'KEYWORD'),
  pipeline: defineSearchAttributeKey('GantryPipeline', 'KEYWORD'),
  status: defineSearchAttributeKey('GantryStatus', 'KEYWORD'),
  stage: defineSearchAttributeKey('GantryStage', 'KEYWORD'),
  waitingFor: defineSearchAttributeKey('GantryWaitingFor', 'KEYWORD'),
  mode: defineSearchAttributeKey('GantryMode', 'KEYWORD'),
  costUsd: defineSearchAttributeKey('GantryCostUsd', 'DOUBLE'),
} as const;
