import type { ResolvedAttachment } from '../../contracts/activities';
import type { Workspace } from '../../contracts/run';
import type { Text } from '../../contracts/text';
import { failure } from '../failure';
import { readConfined } from './confined-file';
import { workspaceDiff } from './workspace-diff';

export interface AttachmentPorts {
  readonly readText: (text: Text) => Promise<string>;
}

/** How much of each attachment is sent, in bytes: about a quarter of what a small model can read. */
const ATTACHMENT_LIMIT = 128 * 1024;

/**
 * What a prompt refers to, as text to put under it; empty without attachments. Each one stands in a named block and
 * says when it was cut. Fails: Path.Escapes, Git.Failed, Definition.Invalid.
 */
export async function renderAttachments(
  attachments: readonly ResolvedAttachment[],
  workspace: Workspace | undefined,
  { readText }: AttachmentPorts,
): Promise<string> {
  const blocks: string[] = [];
  for (const attachment of attachments) blocks.push(await render(attachment));
  return blocks.join('\n\n');

  async function render(attachment: ResolvedAttachment): Promise<string> {
    switch (attachment.kind) {
      case 'diff':
        return block('diff', 'the change against its base', await workspaceDiff(demand(workspace), ATTACHMENT_LIMIT));
      case 'file':
        return block(
          'file',
          attachment.path,
          await readConfined(demand(workspace).path, attachment.path, ATTACHMENT_LIMIT),
        );
      case 'text':
        return block('text', attachment.title, cut(await readText(attachment.text)));
    }
  }
}

function block(kind: string, title: string, content: string): string {
  const name = title.replace(/["<>\r\n]/g, ' ');
  return `<attachment kind="${kind}" title="${name}">\n${content.replace(/\n$/, '')}\n</attachment>`;
}

/** Logs say at their end why they failed and at their start what they are: the middle goes. */
function cut(text: string): string {
  if (text.length <= ATTACHMENT_LIMIT) return text;
  const half = ATTACHMENT_LIMIT / 2;
  const left = text.length - ATTACHMENT_LIMIT;
  return `${text.slice(0, half)}\n[… ${left} characters left out …]\n${text.slice(-half)}`;
}

function demand(workspace: Workspace | undefined): Workspace {
  if (workspace) return workspace;
  throw failure(
    'Definition.Invalid',
    'A diff or file is attached, but the stage has no workspace. Set its `workspace` to shared or own.',
  );
}
