import type { Activities } from '../contracts/activities';

/** Activities that answer at once and do nothing: what is left to measure is the engine. */
export function createNoOpActivities(): Activities {
  return {
    runCommand: async ({ executionId }) => ({
      exitCode: 0,
      timedOut: false,
      durationMs: 0,
      log: { inline: `${executionId} did nothing` },
    }),
    prepareWorkspace: async ({ claim }) => ({
      repository: claim.repo,
      path: `/worktrees/${claim.runId}`,
      branch: claim.branch,
      base: 'main',
      baseCommit: 'c0ffee',
      ports: {},
    }),
    removeWorkspace: async () => ({ removed: true, branchKept: false }),
    prepareStageWorkspace: notMeasured,
    integrateStageWorkspace: notMeasured,
    mergeBranch: notMeasured,
    awaitCheck: notMeasured,
    startService: notMeasured,
    undo: notMeasured,
    callModel: notMeasured,
    evaluateAnswer: notMeasured,
    recordQuality: notMeasured,
    settleSlices: notMeasured,
    loadPipeline: notMeasured,
    awaitRun: notMeasured,
    fenceDispatch: notMeasured,
    publishBranch: notMeasured,
    receiveWork: notMeasured,
    closedPools: notMeasured,
  };
}

async function notMeasured(): Promise<never> {
  throw new Error('No benchmark has a stage of this kind.');
}
