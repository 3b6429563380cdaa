# Sourced by script/demo once the programs are built: a server on free ports, events in, events out, a
# kill -9 in between, and what to try next.
#   --keep       leave the server running and its data in ./demo-data
#   --events N   how many events are published (default 10000)

keep=0
events=10000
while [ $# -gt 0 ]; do
  case "$1" in
    --keep) keep=1 ;;
    --events) events="${2:?--events needs a number}" && shift ;;
    *) die "unknown argument $1: script/demo [--keep] [--events N]" ;;
  esac
  shift
done

# The demo talks to its own server, whatever the environment says of another one.
unset DATAFLOW_ENDPOINT DATAFLOW_KAFKA DATAFLOW_PROFILE DATAFLOW_CONFIG DATAFLOW_DATA_DIR
if [ "$keep" = 1 ]; then
  export DATAFLOW_HOME="$ROOT/demo-data"
else
  DATAFLOW_HOME="$(mktemp -d "${TMPDIR:-/tmp}/dataflow-demo.XXXXXX")"
  export DATAFLOW_HOME
fi
stream=user-events
group=demo

cleanup() {
  [ "$keep" = 1 ] && return
  "$DATAFLOW_CLI" -q emulator stop 2>/dev/null || true
  rm -rf "$DATAFLOW_HOME"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# Shows a command as a user would type it, and runs it.
try() {
  printf '$ dataflow'
  printf ' %s' "$@"
  printf '\n'
  "$DATAFLOW_CLI" "$@"
}
start_server() { "$DATAFLOW_CLI" -q emulator start --any-port --background >/dev/null; }
from_emulator() {
  "$DATAFLOW_CLI" emulator status -o json | sed -n "s/.*\"$1\": \"\{0,1\}\([^\",]*\)\"\{0,1\}.*/\1/p"
}
count_events() { "$DATAFLOW_CLI" -q consume "$stream" --exit --format '%o\n' | wc -l | tr -d ' '; }

say "starting a server on free ports"
if "$DATAFLOW_CLI" -q emulator status >/dev/null 2>&1; then
  echo "the one that an earlier demo kept is running"
else
  start_server
fi
"$DATAFLOW_CLI" emulator status

say "a stream with three partitions"
try stream create "$stream" --partitions 3 --retention 7d --if-not-exists
before="$(count_events)"

say "$events made-up events, keyed by their user"
printf '$ dataflow demo-events %s | dataflow publish %s --file - --key-field user_id --compression lz4\n' \
  "$events" "$stream"
"$DATAFLOW_CLI" demo-events "$events" |
  "$DATAFLOW_CLI" publish "$stream" --file - --key-field user_id --compression lz4
try stream describe "$stream"

say "three of them, read as a member of the group $group"
try consume "$stream" --group "$group" --max-messages 3
try group describe "$group"

say "the server is killed (kill -9) and started again"
kill -9 "$(from_emulator pid)"
start_server
after="$(count_events)"
echo "acknowledged: $((before + events)), found after the restart: $after"
[ "$after" = "$((before + events))" ] || die "acknowledged events are missing"

# Every line of what follows works when it is pasted: without a server that stays, one is started first.
say "try next"
if [ "$keep" = 0 ] && [ ! -t 0 ]; then
  printf '  %s/script/demo --keep\n' "$ROOT"
  DATAFLOW_HOME_NEXT="$ROOT/demo-data"
else
  DATAFLOW_HOME_NEXT="$DATAFLOW_HOME"
fi
cat <<NEXT
  export PATH="$(dirname "$DATAFLOW_CLI"):\$PATH" DATAFLOW_HOME="$DATAFLOW_HOME_NEXT"
  dataflow consume $stream --from -2 --exit -o json
  dataflow publish $stream '{"user_id":"usr_1","event":"login"}'
  kcat -b "\$(dataflow emulator status -o yaml | sed -n 's/^kafka: "\(.*\)"/\1/p')" -C -t $stream -o beginning -e -c 3
NEXT
if [ "$keep" = 1 ]; then
  printf '\nThe server goes on. Stop it with:   dataflow emulator stop\n'
  printf 'Kill it and start it again with:    kill -9 %s; dataflow emulator start --any-port --background\n' \
    "$(from_emulator pid)"
elif [ ! -t 0 ]; then
  printf '\nThis server ends here.\n'
else
  printf '\nThe server goes on until you press Enter here (or Ctrl-C).\n'
  read -r _ || true
fi
