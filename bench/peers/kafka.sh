#!/usr/bin/env bash
# Apache Kafka (KRaft, one node, loopback) out of Maven artifacts.
#   kafka.sh fetch              download the jars (once) into $PEERS_CACHE/kafka-$KAFKA_VERSION
#   kafka.sh up   DIR PORT      format + start a broker in DIR, listening on 127.0.0.1:PORT (controller: PORT+1)
#   kafka.sh down DIR           stop it (by pid), leave DIR
#   kafka.sh wipe DIR           stop it and delete DIR
#   kafka.sh rss  DIR           VmRSS/VmHWM of the broker
#   kafka.sh cp                 print the class path
#   kafka.sh run CLASS ARGS...  run a class of kafka / kafka-tools
#   kafka.sh topic PORT NAME PARTITIONS | rmtopic PORT NAME
# Variables: PEERS_CACHE (default ~/.cache/stream-peers), KAFKA_VERSION, KAFKA_HEAP (default 2g), KAFKA_CLIENT_HEAP (1g), MVN_ARGS
set -euo pipefail
: "${PEERS_CACHE:=${XDG_CACHE_HOME:-$HOME/.cache}/stream-peers}"
: "${KAFKA_VERSION:=4.3.0}" "${KAFKA_HEAP:=2g}" "${KAFKA_CLIENT_HEAP:=1g}" "${MVN_ARGS:=}"
HOME_DIR="$PEERS_CACHE/kafka-$KAFKA_VERSION"; LIB="$HOME_DIR/lib"
die() { echo "kafka.sh: $*" >&2; exit 2; }

fetch() {
  [ -f "$HOME_DIR/.done" ] && return 0
  mkdir -p "$HOME_DIR"
  cat > "$HOME_DIR/pom.xml" <<POM
<project><modelVersion>4.0.0</modelVersion>
<groupId>peers</groupId><artifactId>kafka</artifactId><version>1</version><packaging>pom</packaging>
<dependencies>
 <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>$KAFKA_VERSION</version></dependency>
 <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka-tools</artifactId><version>$KAFKA_VERSION</version></dependency>
 <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version></dependency>
</dependencies></project>
POM
  mvn -B -q $MVN_ARGS -f "$HOME_DIR/pom.xml" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$LIB" >&2
  ls "$LIB"/kafka-tools-*.jar "$LIB"/kafka_2.13-*.jar >/dev/null
  touch "$HOME_DIR/.done"
}
java_run() { # heap class args...
  local heap=$1; shift
  java -Xmx"$heap" -XX:+UseG1GC -Dorg.slf4j.simpleLogger.defaultLogLevel="${KAFKA_LOG:-warn}" \
       -Dorg.slf4j.simpleLogger.showDateTime=true -cp "$LIB/*" "$@"
}
alive() { [ -f "$1/broker.pid" ] && kill -0 "$(cat "$1/broker.pid")" 2>/dev/null; }

up() {
  local dir=$1 port=$2; fetch
  alive "$dir" && die "already running in $dir"
  mkdir -p "$dir"
  local t0 t1; t0=$(date +%s%N)
  if [ ! -f "$dir/server.properties" ]; then
    cat > "$dir/server.properties" <<P
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$((port+1))
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$((port+1))
advertised.listeners=PLAINTEXT://127.0.0.1:$port
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs=$dir/data
num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
P
    local id; id=$(java_run 256m kafka.tools.StorageTool random-uuid 2>/dev/null || java_run 256m org.apache.kafka.tools.StorageTool random-uuid)
    (java_run 256m kafka.tools.StorageTool format -t "$id" -c "$dir/server.properties" >"$dir/format.log" 2>&1) || { cat "$dir/format.log" >&2; die "format failed"; }
  fi
  t1=$(date +%s%N)
  setsid java -Xms"$KAFKA_HEAP" -Xmx"$KAFKA_HEAP" -XX:+UseG1GC -XX:MaxGCPauseMillis=20 -XX:InitiatingHeapOccupancyPercent=35 \
     -Djava.awt.headless=true -Dorg.slf4j.simpleLogger.defaultLogLevel="${KAFKA_LOG:-info}" -Dorg.slf4j.simpleLogger.showDateTime=true \
     -cp "$LIB/*" kafka.Kafka "$dir/server.properties" >"$dir/broker.log" 2>&1 </dev/null &
  echo $! > "$dir/broker.pid"
  local i; for i in $(seq 1 600); do
    alive "$dir" || { tail -20 "$dir/broker.log" >&2; die "broker died"; }
    grep -q 'Kafka Server started' "$dir/broker.log" && (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break
    sleep 0.1; [ "$i" = 600 ] && die "not up after 60 s"
  done
  local t2; t2=$(date +%s%N)
  echo "kafka $KAFKA_VERSION up on 127.0.0.1:$port pid $(cat "$dir/broker.pid") format_ms=$(((t1-t0)/1000000)) start_ms=$(((t2-t1)/1000000))"
}
down() {
  local dir=$1 pid; alive "$dir" || { rm -f "$dir/broker.pid"; return 0; }
  pid=$(cat "$dir/broker.pid"); kill "$pid"
  for _ in $(seq 1 300); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
  kill -0 "$pid" 2>/dev/null && kill -9 "$pid"; rm -f "$dir/broker.pid"
}
cmd=${1:-}; shift || true
case "$cmd" in
  fetch) fetch; echo "$LIB" ;;
  up) [ $# = 2 ] || die "up DIR PORT"; mkdir -p "$1"; up "$(cd "$1" && pwd)" "$2" ;;
  down) [ $# -ge 1 ] || die "down DIR"; down "$1" ;;
  wipe) down "$1"; [ -f "$1/server.properties" ] && rm -rf "$1" ;;
  rss) grep -E 'VmRSS|VmHWM' "/proc/$(cat "$1/broker.pid")/status" ;;
  cp) fetch; echo "$LIB/*" ;;
  run) fetch; java_run "$KAFKA_CLIENT_HEAP" "$@" ;;
  topic) fetch; java_run 256m org.apache.kafka.tools.TopicCommand --bootstrap-server "127.0.0.1:$1" --create --if-not-exists --topic "$2" --partitions "$3" --replication-factor 1 ;;
  rmtopic) fetch; java_run 256m org.apache.kafka.tools.TopicCommand --bootstrap-server "127.0.0.1:$1" --delete --topic "$2" ;;
  *) sed -n '2,13p' "$0"; exit 2 ;;
esac
