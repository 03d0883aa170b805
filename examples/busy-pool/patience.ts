import type { OfflineMessage } from '../offline/chat-wire';

/** How long the model thinks about a prompt that does not hold its session. */
const TURN_MS = 1_000;
/** What a prompt says that is to keep its session busy until it is let go. */
export const HOLDS = 'Take your time.';

/** The model of the example: it takes a moment over each prompt, and over those that hold a session until it is told. */
export class Patience {
  private letGo: () => void = () => undefined;
  private readonly released = new Promise<void>((resolve) => (this.letGo = resolve));

  /** The sessions that are held may finish. */
  release(): void {
    this.letGo();
  }

  async answer(messages: readonly OfflineMessage[]): Promise<string> {
    const holds = messages.some(({ content }) => content.includes(HOLDS));
    if (holds) await this.released;
    else await new Promise((resolve) => setTimeout(resolve, TURN_MS));
    return 'Done.';
  }
}
