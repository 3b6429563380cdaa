# Sourced by script/test: steps that all run whatever became of the ones before. At the very end, where a
# log is looked at first, stand the last lines of each step that failed, then the runners' summaries.
step_last_lines=60
failed_steps=()

# What each step prints is kept in this folder.
start_steps() {
  step_logs="$1"
  rm -rf "$step_logs"
  mkdir -p "$step_logs"
}
log_of_step() { printf '%s/%s.log' "$step_logs" "${1//[^A-Za-z0-9]/-}"; }

# step NAME COMMAND …
step() {
  local name="$1"
  shift
  say "$name (after $((SECONDS / 60)) min $((SECONDS % 60)) s)"
  # The command's own result and not that of tee: pipefail is set.
  "$@" 2>&1 | tee "$(log_of_step "$name")" || failed_steps+=("$name")
}

# Ends the script if a step failed.
end_steps() {
  local name log
  [ "${#failed_steps[@]}" -gt 0 ] || return 0
  for name in "${failed_steps[@]}"; do
    log="$(log_of_step "$name")"
    say "the last $step_last_lines lines of: $name (all of them: ${log#"$ROOT"/})"
    tail -n "$step_last_lines" "$log"
  done
  say "summaries"
  # ctest's, pytest's, googletest's and the loops' own words.
  grep -hE '^[0-9]+% tests passed|^=+ .*(passed|failed|error).* =+$|\[  (PASSED|FAILED)  \]|FAILED' \
    "$step_logs"/*.log | tail -n "$step_last_lines" || true
  printf '\n%s: FAILED: %s\n' "$(basename "$0")" "${failed_steps[@]}"
  exit 1
}
