# Sourced by script/demo once the programs are built: a server on free ports, events in, events out, a
# kill -9 in between, meetings and their metrics in SQL, and what to try next.
#   --keep       leave the server running and its data in ./demo-data; the meetings go on
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
topics="user_events chat_events meeting_events"
meeting_events=4000 # about ten minutes of twelve meetings

cleanup() {
  [ "$keep" = 1 ] && return
  "$DATAFLOW_CLI" -q emulator stop 2>/dev/null || true
  rm -rf "$DATAFLOW_HOME"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# Shows a command as a user would type it, and runs it.
try() {
  local word
  printf '$ dataflow'
  for word in "$@"; do
    case "$word" in *" "*) printf ' "%s"' "$word" ;; *) printf ' %s' "$word" ;; esac
  done
  printf '\n'
  "$DATAFLOW_CLI" "$@"
}
start_server() { "$DATAFLOW_CLI" -q emulator start --any-port --background >/dev/null; }
from_emulator() {
  "$DATAFLOW_CLI" emulator status -o json | sed -n "s/.*\"$1\": \"\{0,1\}\([^\",]*\)\"\{0,1\}.*/\1/p"
}
# The events of one topic, keyed by their meeting, made and published in one go.
publish_meetings() {
  local topic="$1"
  shift
  "$DATAFLOW_CLI" demo-meetings "$@" --topic "$topic" --key-separator '|' |
    "$DATAFLOW_CLI" publish "$topic" --file - --key-separator '|'
}
# Meetings that go on for as long as the server runs, whoever ends it. To be run in a session of its own.
go_on_meeting() {
  local server="$1" topic
  for topic in $topics; do
    publish_meetings "$topic" 1000000000 --rate 30/s --seed 2 &
  done
  while kill -0 "$server"; do sleep 1; done
  kill 0
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

say "meetings: three topics of ten partitions, keyed by meeting, and their metrics in SQL"
for topic in $topics; do
  try -q stream create "$topic" --partitions 10 --retention 7d --if-not-exists
done
if "$DATAFLOW_CLI" -q sql -c "DESCRIBE busiest_meetings" >/dev/null 2>&1; then
  echo "the views of an earlier demo go on"
else
  for topic in $topics; do
    printf "$ dataflow demo-meetings %s --topic %s --key-separator '|' |\n" "$meeting_events" "$topic"
    printf "    dataflow publish %s --file - --key-separator '|'\n" "$topic"
    publish_meetings "$topic" "$meeting_events"
  done
  try -q sql -f examples/meetings/events.sql -f examples/meetings/metrics.sql
fi
export DATAFLOW_CLI topics
setsid bash -c "$(declare -f publish_meetings go_on_meeting); go_on_meeting $(from_emulator pid)" \
  </dev/null >/dev/null 2>&1 &
busiest="SELECT * FROM busiest_meetings ORDER BY top"
# Windows are shown when they have ended, which is when later events are there.
for _ in $(seq 60); do
  [ "$("$DATAFLOW_CLI" -q sql -c "$busiest" --format csv | wc -l)" -gt 5 ] && break
  sleep 0.5
done
try -q sql -c "$busiest"
try -q sql -c "SELECT topic, reason, COUNT(*) AS rejected FROM rejected_events GROUP BY topic, reason"
try -q sql -c "SELECT reason, COUNT(*) AS dead_letters FROM dead_letters GROUP BY reason"

# Every line of what follows works when it is pasted: without a server that stays, one is started first.
say "try next"
if [ "$keep" = 0 ] && [ ! -t 0 ]; then
  printf '  %s/script/demo --keep\n' "$ROOT"
  DATAFLOW_HOME_NEXT="$ROOT/demo-data"
else
  DATAFLOW_HOME_NEXT="$DATAFLOW_HOME"
fi
psql_port="$(from_emulator postgres | sed 's/.*://')"
if [ "$keep" = 0 ] && [ ! -t 0 ]; then
  psql_port="\$(dataflow emulator status -o yaml | sed -n 's/^postgres: .*:\([0-9]*\)\"/\1/p')"
fi
cat <<NEXT
  export PATH="$(dirname "$DATAFLOW_CLI"):\$PATH" DATAFLOW_HOME="$DATAFLOW_HOME_NEXT"
  dataflow consume $stream --from -2 --exit -o json
  dataflow publish $stream '{"user_id":"usr_1","event":"login"}'
  dataflow sql -c "SUBSCRIBE TO busiest_meetings"
  psql -h 127.0.0.1 -p $psql_port -c "$busiest"
  kcat -b "\$(dataflow emulator status -o yaml | sed -n 's/^kafka: "\(.*\)"/\1/p')" -C -t $stream -o beginning -e -c 3
NEXT
if [ "$keep" = 1 ]; then
  printf '\nThe server goes on, and the meetings. Stop both with:  dataflow emulator stop\n'
  printf 'Kill it and start it again with:  kill -9 %s; dataflow emulator start --any-port --background\n' \
    "$(from_emulator pid)"
elif [ ! -t 0 ]; then
  printf '\nThis server ends here.\n'
else
  printf '\nThe server goes on until you press Enter here (or Ctrl-C).\n'
  read -r _ || true
fi
