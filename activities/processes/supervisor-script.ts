/**
 * The shell script of a supervisor. It expects the directory in `$dir` and the program in `$@`; `run` is the line that
 * runs the program, with or without a terminal.
 *
 * `ln` refuses to replace, so that one supervisor alone gets past it. The traps let it outlive a signal to the whole
 * group, to record the exit code; a trap that runs a command, unlike an ignored signal, is not inherited.
 */
export function supervisorScript(run: string): string {
  return `
trap : HUP INT QUIT TERM
birth() {
  if read -r boot </proc/sys/kernel/random/boot_id && read -r stat </proc/$$/stat; then
    set -- $stat
    printf '%s %s' "$boot" "\${22}"
  else
    set -- $(LC_ALL=C /bin/ps -o lstart= -p $$)
    printf '%s' "$*"
  fi 2>/dev/null
}
printf '%s\\n%s\\n' $$ "$(birth)" >"$dir/pid.$$"
PATH="$PATH:/usr/bin:/bin" ln "$dir/pid.$$" "$dir/pid"; won=$?
PATH="$PATH:/usr/bin:/bin" rm -f "$dir/pid.$$"
[ $won = 0 ] || exit 0
${run}
printf '%s\\n' $? >"$dir/exit.$$" && PATH="$PATH:/usr/bin:/bin" mv -f "$dir/exit.$$" "$dir/exit"
`;
}
