"""Apache Kafka in KRaft mode, one node, from the jars that Maven Central has.

The jars come once, through `mvn`, into the user's cache; an empty formatted store lies beside them, so that
a start is one start of Java.
"""

import fcntl
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

from vokrug.app.brokers.process import ServerProcess, free_port

VERSION = "4.1.0"
CLUSTER = "AAAAAAAAAAAAAAAAAAAAAA"

# The tools are wanted for two programs, not for everything that Kafka Connect would bring along.
POM = f"""<project xmlns="http://maven.apache.org/POM/4.0.0">
<modelVersion>4.0.0</modelVersion><groupId>vokrug</groupId><artifactId>kafka</artifactId><version>1</version>
<dependencies>
<dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>{VERSION}</version></dependency>
<dependency><groupId>org.apache.kafka</groupId><artifactId>kafka-tools</artifactId><version>{VERSION}</version>
<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions></dependency>
<dependency><groupId>net.sourceforge.argparse4j</groupId><artifactId>argparse4j</artifactId><version>0.7.0</version></dependency>
</dependencies></project>
"""

HEAP = ["-Xmx512m", "-Xms128m", "-XX:+UseSerialGC"]
LIGHT = "-XX:TieredStopAtLevel=1"  # a start costs 4 s of processor time instead of 7; a hot broker would be slower

PROPERTIES = """
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs={folder}/data
num.network.threads=2
num.io.threads=4
num.partitions=8
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
log.flush.interval.messages={flush_every}
"""


def cache_folder() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "vokrug"


def kafka_missing() -> str | None:
    """Why there is no Kafka to be had here, or None."""
    for program in ("java", "mvn"):
        if shutil.which(program) is None:
            return f"no Kafka here: {program} is not installed"
    return None if jars() else "no Kafka here: mvn could not bring its jars"


@cache
def jars() -> Path | None:
    """The folder of Kafka's jars, brought when it is not there yet; one process at a time."""
    home = cache_folder() / f"kafka-{VERSION}"
    home.mkdir(parents=True, exist_ok=True)
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (home / "lib").exists():
            (home / "pom.xml").write_text(POM)
            bring = [
                "mvn",
                "-q",
                "-B",
                "dependency:copy-dependencies",
                "-DincludeScope=runtime",
                "-DoutputDirectory=new",
            ]
            if subprocess.run(bring, cwd=home, stdout=subprocess.DEVNULL, check=False).returncode:
                return None
            (home / "new").rename(home / "lib")
        if not (home / "formatted").exists():
            _format(home)
    return home


def _format(home: Path) -> None:
    drafts = home / "draft"
    shutil.rmtree(drafts, ignore_errors=True)
    drafts.mkdir()
    config = drafts / "server.properties"
    config.write_text(PROPERTIES.format(folder=drafts, port=1, controller_port=2, flush_every=1))
    tool = [*java(home), "kafka.tools.StorageTool", "format", "-t", CLUSTER, "-c", str(config)]
    subprocess.run(tool, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    (drafts / "data").rename(home / "formatted")


def java(home: Path, *, is_light: bool = True) -> list[str]:
    """Java with Kafka's classes; what follows is a main class."""
    return ["java", *HEAP, *([LIGHT] if is_light else []), "-cp", f"{home / 'lib'}/*"]


class LocalKafka(ServerProcess):
    """A broker in a folder of its own. `is_synced`: every message reaches the disk before it is acknowledged."""

    def __init__(self, folder: Path, *, is_synced: bool = False, is_light: bool = True) -> None:
        home = jars()
        assert home is not None, "ask kafka_missing() first"
        self.home = home
        port = free_port()
        config = folder / "server.properties"
        if not (folder / "data").exists():
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copytree(home / "formatted", folder / "data")
        flush_every = 1 if is_synced else 2**63 - 1
        config.write_text(
            PROPERTIES.format(folder=folder, port=port, controller_port=free_port(), flush_every=flush_every)
        )
        super().__init__([*java(home, is_light=is_light), "kafka.Kafka", str(config)], folder, port)

    @property
    def servers(self) -> str:
        return f"127.0.0.1:{self.port}"
