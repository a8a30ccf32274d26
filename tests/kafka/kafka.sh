#!/usr/bin/env bash
# One node of Apache Kafka on loopback, broker and controller in one process (KRaft), from Maven packages.
#
#   kafka.sh start              fetches what is missing, starts, returns when it answers
#   kafka.sh topic NAME COUNT   a topic with COUNT partitions
#   kafka.sh stop | kill        ends it, in order or as a crash does
#
# KAFKA_RUN      directory for data, configuration and log (./kafka-run)
# KAFKA_PORT     port for clients; the one after it is the controller's (9092)
# KAFKA_HEAP     heap of the broker (512m)
# KAFKA_VERSION  (4.1.1)
# KAFKA_CACHE    where packages are kept between runs (~/.cache/dolmen-kafka)
#
# Needs Java 17 or newer and mvn.
set -euo pipefail

version=${KAFKA_VERSION:-4.1.1}
port=${KAFKA_PORT:-9092}
controller=$((port + 1))
heap=${KAFKA_HEAP:-512m}
run=${KAFKA_RUN:-./kafka-run}
cache=${KAFKA_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/dolmen-kafka}
jars=$cache/$version

dependency() {
  printf '<dependency><groupId>%s</groupId><artifactId>%s</artifactId><version>%s</version></dependency>\n' "$@"
}

# Into a directory of its own, renamed once it is whole: two runs may fetch at a time.
fetch() {
  [ -d "$jars" ] && return
  mkdir -p "$cache"
  local fresh
  fresh=$(mktemp -d "$cache/fetch.XXXXXX")
  {
    echo '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
    echo '<groupId>dolmen</groupId><artifactId>kafka</artifactId><version>1</version><packaging>pom</packaging><dependencies>'
    dependency org.apache.kafka kafka_2.13 "$version"
    dependency org.apache.kafka kafka-tools "$version"
    for part in log4j-slf4j-impl log4j-core log4j-1.2-api; do
      dependency org.apache.logging.log4j "$part" 2.24.3
    done
    echo '</dependencies></project>'
  } > "$fresh/pom.xml"
  mvn --batch-mode --quiet -Dstyle.color=never -f "$fresh/pom.xml" dependency:copy-dependencies \
    -DincludeScope=runtime -DoutputDirectory="$fresh/jars" >&2
  mv -T "$fresh/jars" "$jars" 2>/dev/null || [ -d "$jars" ]
  rm -rf "$fresh"
}

settings() {
  cat > "$run/server.properties" <<END
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$controller
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$controller
advertised.listeners=PLAINTEXT://127.0.0.1:$port
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
log.dirs=$run/data
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
END
  cat > "$run/log4j2.xml" <<END
<Configuration status="WARN">
  <Appenders><Console name="out"><PatternLayout pattern="%d %p %m (%c)%n"/></Console></Appenders>
  <Loggers><Root level="WARN"><AppenderRef ref="out"/></Root></Loggers>
</Configuration>
END
}

# java_main HEAP CLASS ARGUMENT..
java_main() {
  local size=$1
  shift
  exec java "-Xms$size" "-Xmx$size" "-Dlog4j2.configurationFile=file:$run/log4j2.xml" -cp "$jars/*" "$@"
}

alive() { [ -e "$run/pid" ] && kill -0 "$(cat "$run/pid")" 2>/dev/null; }

answers() { (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; }

start() {
  fetch
  settings
  if [ ! -e "$run/data/meta.properties" ]; then
    local id
    id=A$(head -c 15 /dev/urandom | base64 | tr '+/' '-_' | cut -c1-21)
    (java_main 128m kafka.tools.StorageTool format -t "$id" -c "$run/server.properties") > "$run/format.log" 2>&1
  fi
  (java_main "$heap" kafka.Kafka "$run/server.properties") > "$run/kafka.log" 2>&1 < /dev/null &
  echo $! > "$run/pid"
  for _ in $(seq 1 900); do
    if answers; then
      echo "127.0.0.1:$port"
      return
    fi
    alive || break
    sleep 0.1
  done
  echo "Kafka does not answer:" >&2
  tail -n 20 "$run/kafka.log" >&2
  return 1
}

topic() {
  (java_main 128m org.apache.kafka.tools.TopicCommand --bootstrap-server "127.0.0.1:$port" \
    --create --topic "$1" --partitions "$2" --replication-factor 1)
}

end() {
  if alive; then
    kill "$1" "$(cat "$run/pid")"
    while alive; do sleep 0.1; done
  fi
  rm -f "$run/pid"
}

mkdir -p "$run"
run=$(cd "$run" && pwd)
case ${1:-} in
  start) start ;;
  topic) topic "${@:2}" ;;
  stop) end -TERM ;;
  kill) end -KILL ;;
  *)
    sed -n '2,14s/^# \{0,1\}//p' "$0"
    exit 2
    ;;
esac
