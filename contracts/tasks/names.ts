// What tasks and files are called, in URLs, in directories and as workflows. Names are wire format: never change one.

/** Whose a task or a file is, and what it is called: `task_5f…`, `batch_5f…`, `file-5f…`. */
export interface Owned {
  /** Absent: of those whose key names no team, and of everybody where there are no keys. */
  readonly team?: string;
  readonly id: string;
}

/** The name of what belongs to a team, or, where `team` is undefined, to everybody without one. */
export function ownedBy(team: string | undefined, id: string): Owned {
  return team === undefined ? { id } : { team, id };
}

/** The folder of a team, in ids and in directories. No team is called `_`. */
export function teamFolder(team: string | undefined): string {
  return team ?? '_';
}

/** What the ids of a team's tasks begin with. */
export function taskWorkflowPrefix(team: string | undefined): string {
  return `task/${teamFolder(team)}/`;
}

/** `task/<team>/<task id>`: nobody can name the task of another team. */
export function taskWorkflowId({ team, id }: Owned): string {
  return `${taskWorkflowPrefix(team)}${id}`;
}

/** What a task may be called. Good for a file and a workflow id. */
export const TASK_ID_PATTERN = /^(task|batch)_[a-z0-9]{8,64}$/;
