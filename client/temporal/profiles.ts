import { profilesQuery, profilesWorkflowId, type Profile } from '../../contracts/profiles';
import { NotFoundError } from '../faults';
import type { Door } from './door';

const ASK_MS = 5_000;

/** What gantry asks of what was learned of models. */
export class Profiles {
  constructor(private readonly door: Door) {}

  /** All that an organisation has learned. Fails: NoWorkerError. */
  async known(organisation: string): Promise<readonly Profile[]> {
    try {
      const handle = this.door.client.workflow.getHandle(profilesWorkflowId(organisation));
      return await this.door.call(() => handle.query(profilesQuery), { deadlineMs: ASK_MS, needsWorker: true });
    } catch (error) {
      if (error instanceof NotFoundError) return [];
      throw error;
    }
  }
}
