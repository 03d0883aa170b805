import type { ModelActivities } from '../../contracts/models';
import { callModel } from './call-model';
import type { ModelPorts } from './ports';
import { settleSlices } from './settle-slices';

/** The activities that ask models, and that settle what asking them has cost. */
export function createModelActivities(ports: ModelPorts): ModelActivities {
  return {
    callModel: (input) => callModel(ports, input),
    settleSlices: (input) => settleSlices(ports, input),
  };
}
