#!/usr/bin/env bash
# A real Apache Druid on loopback, every role on this machine, from Maven packages.
#
#   druid.sh start    fetches what is missing, starts, returns when the router answers and prints its address
#   druid.sh stop     ends it; its data goes too
#
# DRUID_RUN      directory for data, configuration and logs (./druid-run)
# DRUID_PORT     the first of 20 ports (23000); the router is at the first
# DRUID_CACHE    where packages are kept between runs (~/.cache/dolmen-druid)
#
# Needs Java 17 or newer, mvn and curl; 300 MB to fetch once, 4 GB of memory.
set -euo pipefail

version=33.0.0
port=${DRUID_PORT:-23000}
run=${DRUID_RUN:-./druid-run}
cache=${DRUID_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/dolmen-druid}
jars=$cache/$version
at() { echo $((port + $1)); }
router=$(at 0) broker=$(at 1) coordinator=$(at 2) historical=$(at 3) manager=$(at 4) zookeeper=$(at 5) derby=$(at 6) tasks=$(at 10)

artifact() { echo "<groupId>$1</groupId><artifactId>$2</artifactId><version>$3</version>"; }

# Druid's parent names repositories that nothing here needs (an empty directory stands for them) and a version of one
# Jackson module that was never published.
project() { # EMPTY_DIRECTORY
  local part
  echo '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
  echo "$(artifact dolmen druid 1)<packaging>pom</packaging><repositories>"
  for part in sigar cflt-public; do
    echo "<repository><id>$part</id><url>file://$1</url></repository>"
  done
  echo '</repositories><dependencyManagement><dependencies>'
  for part in smile-provider json-provider base; do
    echo "<dependency>$(artifact com.fasterxml.jackson.jaxrs "jackson-jaxrs-$part" 2.19.4)</dependency>"
  done
  echo '</dependencies></dependencyManagement><dependencies>'
  for part in "org.apache.druid druid-services" "org.apache.druid.extensions druid-datasketches"; do
    echo "<dependency>$(artifact $part "$version")<exclusions><exclusion><groupId>org.hyperic</groupId>"
    echo '<artifactId>sigar</artifactId></exclusion></exclusions></dependency>'
  done
  echo '</dependencies></project>'
}

# Into a directory of its own, renamed once it is whole: two runs may fetch at a time. Extensions on the class path
# are loaded from there.
fetch() {
  [ -d "$jars" ] && return
  mkdir -p "$cache"
  local fresh
  fresh=$(mktemp -d "$cache/fetch.XXXXXX")
  mkdir -p "$fresh/none"
  project "$fresh/none" > "$fresh/pom.xml"
  mvn -B -q -f "$fresh/pom.xml" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$fresh/lib"
  rm -rf "$fresh/none" "$fresh/pom.xml"
  mv -T "$fresh" "$jars" 2>/dev/null || rm -rf "$fresh"
}

properties() { mkdir -p "$run/conf/$1"; cat > "$run/conf/$1/runtime.properties"; }

configure() {
  mkdir -p "$run"/{conf/common,data/tmp,data/processing,log,pid}
  cat > "$run/conf/common/common.runtime.properties" <<CONF
druid.extensions.loadList=[]
druid.host=127.0.0.1
druid.bindOnHost=true
druid.startup.logging.logProperties=false
druid.zk.service.host=127.0.0.1:$zookeeper
druid.metadata.storage.type=derby
druid.metadata.storage.connector.connectURI=jdbc:derby://127.0.0.1:$derby/$run/data/metadata.db;create=true
druid.metadata.storage.connector.host=127.0.0.1
druid.metadata.storage.connector.port=$derby
druid.storage.type=local
druid.storage.storageDirectory=$run/data/segments
druid.indexer.logs.type=file
druid.indexer.logs.directory=$run/data/logs
druid.selectors.indexing.serviceName=druid/overlord
druid.selectors.coordinator.serviceName=druid/coordinator
druid.monitoring.monitors=[]
druid.emitter=noop
druid.indexing.doubleStorage=double
druid.processing.buffer.sizeBytes=50MiB
druid.processing.numMergeBuffers=10
druid.processing.numThreads=1
druid.processing.tmpDir=$run/data/processing
CONF
  cat > "$run/conf/common/log4j2.xml" <<CONF
<Configuration status="WARN"><Appenders><Console name="out" target="SYSTEM_OUT"><PatternLayout pattern="%d{ISO8601} %p %c %m%n"/>
</Console></Appenders><Loggers><Root level="warn"><AppenderRef ref="out"/></Root></Loggers></Configuration>
CONF
  properties coordinator <<CONF
druid.service=druid/coordinator
druid.plaintextPort=$coordinator
druid.coordinator.startDelay=PT5S
druid.coordinator.period=PT2S
druid.coordinator.loadqueuepeon.http.hostTimeout=PT20S
druid.coordinator.asOverlord.enabled=true
druid.coordinator.asOverlord.overlordService=druid/overlord
druid.indexer.queue.startDelay=PT1S
druid.indexer.runner.type=httpRemote
druid.indexer.storage.type=metadata
druid.manager.segments.pollDuration=PT2S
druid.manager.lookups.period=2000
CONF
  properties broker <<CONF
druid.service=druid/broker
druid.plaintextPort=$broker
druid.server.http.numThreads=12
druid.broker.cache.useCache=false
druid.broker.cache.populateCache=false
druid.lookup.enableLookupSyncOnStartup=false
CONF
  properties historical <<CONF
druid.service=druid/historical
druid.plaintextPort=$historical
druid.server.http.numThreads=12
druid.segmentCache.locations=[{"path":"$run/data/cache","maxSize":"20g"}]
druid.historical.cache.useCache=false
druid.historical.cache.populateCache=false
CONF
  properties middleManager <<CONF
druid.service=druid/middleManager
druid.plaintextPort=$manager
druid.worker.capacity=2
druid.worker.baseTaskDirs=["$run/data/task"]
druid.indexer.runner.javaCommand=java
druid.indexer.runner.javaOptsArray=["-Xms256m","-Xmx768m","-XX:MaxDirectMemorySize=768m","-XX:TieredStopAtLevel=1","-XX:+UseSerialGC","-Duser.timezone=UTC","-Dfile.encoding=UTF-8"]
druid.indexer.runner.startPort=$tasks
CONF
  properties router <<CONF
druid.service=druid/router
druid.plaintextPort=$router
druid.router.defaultBrokerServiceName=druid/broker
druid.router.coordinatorServiceName=druid/coordinator
druid.router.managementProxy.enabled=true
CONF
  printf 'dataDir=%s\nclientPort=%s\nclientPortAddress=127.0.0.1\nadmin.enableServer=false\ntickTime=2000\n' \
    "$run/data/zk" "$zookeeper" > "$run/conf/zoo.cfg"
}

# NAME HEAP DIRECT
role() {
  local opened=() package
  for package in java.nio sun.nio.ch jdk.internal.ref java.io java.lang; do
    opened+=(--add-opens "java.base/$package=ALL-UNNAMED")
  done
  for package in jdk.internal.misc jdk.internal.ref; do opened+=(--add-exports "java.base/$package=ALL-UNNAMED"); done
  opened+=(--add-opens jdk.management/com.sun.management.internal=ALL-UNNAMED)
  (cd "$run" && exec java "${opened[@]}" -Xms128m -Xmx"$2" -XX:MaxDirectMemorySize="$3" -XX:+UseSerialGC \
    -Duser.timezone=UTC -Dfile.encoding=UTF-8 -Djava.io.tmpdir="$run/data/tmp" \
    -Djava.util.logging.manager=org.apache.logging.log4j.jul.LogManager \
    -cp "$run/conf/common:$run/conf/$1:$jars/lib/*" org.apache.druid.cli.Main server "$1") > "$run/log/$1.out" 2>&1 &
  echo $! > "$run/pid/$1"
}

# NAME PORT
healthy() {
  for _ in $(seq 1 240); do
    [ "$(curl -s -m 5 "http://127.0.0.1:$2/status/health" || true)" = true ] && return
    kill -0 "$(cat "$run/pid/$1")" 2>/dev/null || break
    sleep 0.5
  done
  echo "$1 did not come up:" >&2
  tail -20 "$run/log/$1.out" >&2
  return 1
}

start() {
  fetch
  configure
  (cd "$run" && exec java -Xmx128m -cp "$jars/lib/*:$run/conf/common" \
    org.apache.zookeeper.server.quorum.QuorumPeerMain "$run/conf/zoo.cfg") > "$run/log/zookeeper.out" 2>&1 &
  echo $! > "$run/pid/zookeeper"
  sleep 2
  role coordinator 512m 128m
  healthy coordinator "$coordinator"
  role historical 768m 768m
  role broker 1g 768m
  role middleManager 256m 64m
  role router 256m 128m
  healthy historical "$historical"
  healthy broker "$broker"
  healthy middleManager "$manager"
  healthy router "$router"
  echo "http://127.0.0.1:$router"
}

stop() {
  local name pid
  for name in router broker middleManager historical coordinator zookeeper; do
    [ -e "$run/pid/$name" ] || continue
    pid=$(cat "$run/pid/$name")
    kill "$pid" 2>/dev/null || true
    for _ in $(seq 1 100); do
      kill -0 "$pid" 2>/dev/null || break
      sleep 0.1
    done
    kill -9 "$pid" 2>/dev/null || true
    rm "$run/pid/$name"
  done
  rm -rf "$run"
}

mkdir -p "$run"
run=$(cd "$run" && pwd)
case ${1:-} in
  start | stop) "$1" ;;
  *) sed -n '2,11p' "$0"; exit 2 ;;
esac
