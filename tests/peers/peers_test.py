#!/usr/bin/python3
"""Steward's programs between other people's software.

A server written with python3-pymodbus stands for the meters, mosquitto carries,
mosquitto_sub listens, and what it caught is taken apart by blocks_peer.py
(python3-cbor2, openssl, python3-jsonschema). Only then is it known that the
protocols are the published ones and not two ends of one misunderstanding.

  peers_test.py BIN       BIN: folder with steward-edge and steward-cloud

Nothing here waits for time to pass, only for lines and ends of programs, each
with a limit that is reached when something is broken.
"""
import json
import os
import pathlib
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
LIMIT_S = 60
BIN = None

METERS = {"E1": (1, 1234.56, 0.07), "E2": (2, 83886.05, 0.0)}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def run(*command, **options):
    try:
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=LIMIT_S,
                              check=False, **options)
    except subprocess.TimeoutExpired as late:
        said = (late.stderr or b"").decode("utf-8", "replace")
        raise AssertionError(f"{command[0]} has not ended after {LIMIT_S} s:\n{said}") from late
    if done.returncode != 0:
        raise AssertionError(f"{command[0]} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


class Program:
    """A child that is stopped at the end, and whose lines can be waited for."""

    def __init__(self, log, *command):
        self.command = [str(word) for word in command]
        self.log = open(log, "w", encoding="utf-8")
        self.child = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=self.log)
        self.pending = b""
        self.lines = []

    def next_line(self):
        deadline = time.monotonic() + LIMIT_S
        while b"\n" not in self.pending:
            left = deadline - time.monotonic()
            readable, _, _ = select.select([self.child.stdout], [], [], max(left, 0))
            piece = os.read(self.child.stdout.fileno(), 65536) if readable else b""
            if not piece:
                raise AssertionError(f"{self.command[0]} ended or said nothing for {LIMIT_S} s: "
                                     + pathlib.Path(self.log.name).read_text(encoding="utf-8")[-2000:])
            self.pending += piece
        line, self.pending = self.pending.split(b"\n", 1)
        self.lines.append(line.decode())
        return self.lines[-1]

    def wait_for(self, wanted):
        while not wanted(self.next_line()):
            pass

    def stop(self):
        self.child.terminate()
        self.child.wait(timeout=LIMIT_S)
        self.child.stdout.close()
        self.log.close()


class ForeignPeers(unittest.TestCase):
    """One round of two meters, seen from outside."""

    @classmethod
    def setUpClass(cls):
        cls.dir = pathlib.Path(tempfile.mkdtemp(prefix="steward-peers-"))
        cls.programs = []
        try:
            cls.chain()
        except BaseException:
            cls.tearDownClass()
            raise

    @classmethod
    def tearDownClass(cls):
        for program in reversed(cls.programs):
            program.stop()
        shutil.rmtree(cls.dir)

    @classmethod
    def start(cls, name, *command):
        program = Program(cls.dir / f"{name}.log", *command)
        cls.programs.append(program)
        return program

    @classmethod
    def chain(cls):
        cloud, edge = BIN / "steward-cloud", BIN / "steward-edge"
        books, broker, enrolment = cls.dir / "books", cls.dir / "broker", cls.dir / "enrolment"
        broker_port, meter_port = free_port(), free_port()
        run(cloud, "--data", books, "broker", "setup", "--host", "localhost", "--bind", "127.0.0.1",
            "--port", broker_port, "--out", broker)
        request, answer = cls.dir / "gw1.request", cls.dir / "gw1.enrolment"
        run(edge, "enrol", "request", "--site", "riverside", "--gateway", "gw1", "--folder", enrolment, "--out", request)
        run(cloud, "--data", books, "gateway", "add", "--request", request, "--out", answer)
        run(edge, "enrol", "accept", answer, "--folder", enrolment)
        cls.start("mosquitto", "mosquitto", "-c", broker / "mosquitto.conf")
        cls.wait_for_port(broker_port)

        cls.ear = cls.start("mosquitto_sub", "stdbuf", "-oL", "mosquitto_sub", "-h", "localhost", "-p", broker_port,
                            "--cafile", broker / "ca.pem", "--cert", broker / "observer.pem",
                            "--key", broker / "observer-key.pem", "-q", "1", "-t", "steward/v1/#", "-F", "%t %x")
        cls.start("cloud", cloud, "--data", books, "serve", "--broker-host", "localhost",
                  "--broker-port", broker_port).wait_for(lambda line: line == "ready")
        units = [f"{unit}:{imported}:{exported}" for unit, imported, exported in METERS.values()]
        cls.start("meters", "/usr/bin/python3", HERE / "modbus_peer.py", meter_port, *units) \
            .wait_for(lambda line: line == "ready")

        (cls.dir / "meters.csv").write_text(
            "meter,profile,bus,unit\n"
            + "".join(f"{meter},eastron-sdm630/1,b1,{unit}\n" for meter, (unit, _, _) in METERS.items()))
        (cls.dir / "edge.json").write_text(json.dumps({
            "schema": 1, "site": "riverside", "gateway": "gw1", "data": "data", "enrolment": "enrolment",
            "meters": "meters.csv", "broker": {"host": "localhost", "port": broker_port},
            "rounds": {"every_minutes": 60, "skew_limit_s": 120, "closing_minute_utc": 960},
            "buses": [{"bus": "b1", "kind": "modbus_tcp", "host": "127.0.0.1", "port": meter_port}]}))
        run(edge, "--config", cls.dir / "edge.json", "--profiles", ROOT / "drivers" / "profiles", "--once")
        # --once ends when the cloud has signed for everything, and the goodbye comes last.
        cls.ear.wait_for(lambda line: "/state " in line and '"online":false' in cls.payload(line).decode("utf-8"))

        cls.gateway_key = cls.dir / "gateway-key.pub.pem"
        run("openssl", "pkey", "-in", enrolment / "block-key.pem", "-pubout", "-out", cls.gateway_key)
        cls.cloud_key = enrolment / "cloud-key.pub.pem"

    @classmethod
    def wait_for_port(cls, port):
        deadline = time.monotonic() + LIMIT_S
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            select.select([], [], [], 0.05)
        raise AssertionError("the broker does not listen; see " + str(cls.dir / "mosquitto.log"))

    @staticmethod
    def payload(line):
        return bytes.fromhex(line.split(" ", 1)[1])

    def caught(self, ending):
        """(topic, payload) of what was heard on topics with this ending."""
        heard = [line.split(" ", 1) for line in self.ear.lines]
        return [(topic, bytes.fromhex(octets)) for topic, octets in heard if topic.endswith(ending)]

    def read(self, ending, key=None):
        """The same, taken apart and validated by blocks_peer.py."""
        out = []
        for number, (topic, payload) in enumerate(self.caught(ending)):
            file = self.dir / f"message-{ending.strip('/').replace('/', '-')}-{number}"
            file.write_bytes(payload)
            key_words = ["--key", key] if key else []
            out.append(json.loads(run("/usr/bin/python3", HERE / "blocks_peer.py", "message", "--topic", topic,
                                      *key_words, file)))
        return out

    def test_the_readings_are_what_the_foreign_server_serves(self):
        blocks = self.read("/up/readings", self.gateway_key)
        names = {}
        values = {}
        for block in blocks:
            for entry in block["records"]:
                if "profile" in entry and "channels" in entry:
                    for channel in entry["channels"]:
                        names[(entry["meter_no"], channel["channel_no"])] = (entry["meter"], channel["name"])
                elif "raw" in entry and "meter_no" in entry:
                    values[names[(entry["meter_no"], entry["channel_no"])]] = (entry["value"], entry["quality"])
        for meter, (_, imported, _) in METERS.items():
            self.assertEqual(values[(meter, "energy_import")], (round(imported * 1000), "good"))

    def test_every_log_is_a_chain_without_a_gap(self):
        heard = 0
        for stream in ("readings", "telemetry", "events"):
            last = 0
            for block in self.read(f"/up/{stream}", self.gateway_key):
                self.assertEqual(block["first"], last + 1, stream)
                last = block["last"]
                heard += 1
        self.assertGreater(heard, 2)

    def test_the_ack_covers_what_was_sent(self):
        acks = self.read("/ack", self.cloud_key)
        sent = max(block["last"] for block in self.read("/up/readings", self.gateway_key))
        upto = {log["stream"]: log["upto"] for log in acks[-1]["logs"]}
        self.assertEqual(upto["readings"], sent)

    def test_the_state_validates_online_and_offline(self):
        states = self.read("/state")
        self.assertEqual({state["online"] for state in states}, {True, False})

    def test_the_golden_examples_hold(self):
        run("/usr/bin/python3", HERE / "blocks_peer.py", "examples")


if __name__ == "__main__":
    BIN = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main()
