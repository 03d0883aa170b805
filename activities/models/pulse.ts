import type { Context } from '@temporalio/activity';
import type { Candidate } from '../providers/choose';
import type { CallProgress, Memory } from './memory';

const DEFAULT_HEARTBEAT_MS = 15_000;

/**
 * Heartbeat while a model thinks, on a timer and not on progress: a silent model is no dead worker. The details carry
 * the memory, so that even the attempt after a crash knows it.
 */
export function startPulse(context: Context, memory: Memory, { provider, model }: Candidate) {
  let characters = 0;
  const beat = () => {
    const details: CallProgress = { ...memory, asking: `${provider}/${model}`, characters };
    context.heartbeat(details);
  };
  beat();
  const timer = setInterval(beat, (context.info.heartbeatTimeoutMs ?? DEFAULT_HEARTBEAT_MS) / 3);
  return {
    progress: (soFar: number) => {
      characters = soFar;
    },
    stop: () => clearInterval(timer),
  };
}
