import type { StageProduct } from '../run-events';
import { runAgentStage } from './agent';
import { runCheckStage } from './check';
import { runCommandStage } from './command';
import { runGateStage } from './gate';
import { runMergeStage } from './merge';
import { runNestedStage } from './nested';
import { runPromptStage } from './prompt';
import { runServiceStage } from './service';
import type { Work } from './work-item';

/** One attempt at a stage. Resolves with what it made, rejects with a fault or a failure of Temporal. */
export function executeStage({ run, key, stage }: Work): Promise<StageProduct> {
  switch (stage.kind) {
    case 'run':
      return runCommandStage({ run, key, stage });
    case 'prompt':
      return runPromptStage({ run, key, stage });
    case 'agent':
      return runAgentStage({ run, key, stage });
    case 'gate':
      return runGateStage({ run, key, stage });
    case 'merge':
      return runMergeStage({ run, key, stage });
    case 'service':
      return runServiceStage({ run, key, stage });
    case 'check':
      return runCheckStage({ run, key, stage });
    case 'pipeline':
      return runNestedStage({ run, key, stage });
  }
}
