#!/usr/bin/python3
"""Reads Steward's messages with other people's software.

Nothing here is shared with the C++ code: python3-cbor2 takes the bytes apart,
the openssl program checks signatures, python3-jsonschema holds the published
schemas against what came out, and the readings are put together again from
their columns by the words of docs/formats/blocks.md alone.

  blocks_peer.py examples
      checks every file of contract/examples, its chain, and the hand-written
      *.expect.json beside it; then that one changed bit is noticed
  blocks_peer.py message --topic TOPIC --key PUBLIC.pem FILE...
      checks messages as they came from a broker (mosquitto_sub), raw bytes,
      and prints each as one line of JSON

Exit status 0 only if everything holds. Needs python3-cbor2 python3-jsonschema openssl.
"""
import argparse
import datetime
import hashlib
import io
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import cbor2
import jsonschema

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCHEMAS = ROOT / "contract" / "schema"
EXAMPLES = ROOT / "contract" / "examples"
STREAMS = ["readings", "telemetry", "doors", "patrol", "events"]
TRUST = ["unset", "rtc", "synced", "stepped"]
METER_EVENTS = ["meter_exchange", "meter_rollover", "meter_reset", "meter_fell", "meter_ratio_change",
                "meter_serial_changed", "meter_sealed", "meter_removed"]
FREEZE = ["other", "day", "month", "hour"]
QUALITY = ["good", "suspect", "estimated", "stale", "invalid"]
TYPES = {
    "block": "application/vnd.steward.block+cbor",
    "closing": "application/vnd.steward.closing+cbor",
    "ack": "application/vnd.steward.ack+json",
    "site-config": "application/vnd.steward.site-config+json",
    "command": "application/vnd.steward.command+json",
    "command-result": "application/vnd.steward.command-result+json",
}


class Wrong(Exception):
    """Something does not hold; the text says what."""


def want(holds, what):
    if not holds:
        raise Wrong(what)


def as_json(value):
    """CBOR as JSON, as the schemas' descriptions say: keys to text, octets to hex."""
    if isinstance(value, dict):
        return {str(key): as_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_json(item) for item in value]
    if isinstance(value, bytes):
        return value.hex()
    return value


def validate(kind, value):
    schema = json.loads((SCHEMAS / f"{kind}.schema.json").read_text())
    errors = sorted(jsonschema.Draft7Validator(schema).iter_errors(value), key=str)
    want(not errors, f"schema {kind}: {errors[0].message[:300] if errors else ''}")


def strict_cbor(data, what):
    stream = io.BytesIO(data)
    value = cbor2.CBORDecoder(stream).decode()
    want(stream.read() == b"", f"{what}: bytes after the end")
    want(cbor2.dumps(value, canonical=True) == data, f"{what}: not deterministic CBOR")
    return value


def signature_holds(message, signature, key):
    with tempfile.TemporaryDirectory() as folder:
        message_file, signature_file = pathlib.Path(folder, "m"), pathlib.Path(folder, "s")
        message_file.write_bytes(message)
        signature_file.write_bytes(signature)
        done = subprocess.run(
            ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", str(key), "-rawin",
             "-in", str(message_file), "-sigfile", str(signature_file)],
            capture_output=True, check=False)
    return done.returncode == 0


def unseal(kind, data, key):
    """The payload of a COSE_Sign1 (RFC 9052, 4.2 to 4.4) of this kind, by this key."""
    sealed = strict_cbor(data, kind)
    want(isinstance(sealed, cbor2.CBORTag) and sealed.tag == 18, f"{kind}: no COSE_Sign1 tag")
    want(len(sealed.value) == 4, f"{kind}: a COSE_Sign1 has four parts")
    protected, unprotected, payload, signature = sealed.value
    want(strict_cbor(protected, "header") == {1: -8, 3: TYPES[kind]}, f"{kind}: another protected header")
    want(unprotected == {}, f"{kind}: an unprotected header")
    signed = cbor2.dumps(["Signature1", protected, b"", payload])
    want(signature_holds(signed, signature, key), f"{kind}: the signature does not hold")
    return payload


def instant(milliseconds):
    at = datetime.datetime(1970, 1, 1) + datetime.timedelta(milliseconds=milliseconds)
    return at.isoformat(timespec="milliseconds") + "Z"


def runs(flat, fields):
    """[count, a, b, count, a, b, ...] spread out to one tuple for each record."""
    out = []
    for at in range(0, len(flat), fields + 1):
        out += [tuple(flat[at + 1:at + 1 + fields])] * flat[at]
    return out


def readings_of(columns):
    rounds, worth, widths = runs(columns[1], 1), runs(columns[6], 2), runs(columns[8], 1)
    raw, used, taken, meter, out = columns[7], 0, rounds[0][0], 0, []
    for i, channel in enumerate(columns[4]):
        taken += columns[2][i]
        meter += columns[3][i]
        words = [raw[2 * (used + n):2 * (used + n) + 2].hex() for n in range(widths[i][0])]
        used += widths[i][0]
        out.append({"round_at": instant(rounds[i][0]), "taken_at": instant(taken), "meter_no": meter,
                    "channel_no": channel, "value": columns[5][i], "quality": QUALITY[worth[i][0]],
                    "reason": worth[i][1], "raw": words})
    want(used * 2 == len(raw), "raw words left over")
    return out


def closing_words(payload):
    closing = strict_cbor(payload, "closing")
    validate("closing", as_json(closing))
    return {"site": closing[2], "gateway": closing[3], "epoch": closing[4].hex(), "seq": closing[5],
            "meter": closing[6], "profile": closing[7], "channel": closing[9], "unit": closing[10],
            "round_at": instant(closing[11]), "taken_at": instant(closing[12]), "value": closing[13],
            "modulus": closing[14], "quality": QUALITY[closing[15]], "reason": closing[16],
            "raw": closing[17].hex(" ", 2).split(), "trust": TRUST[closing[18]]}


DOOR = ["controller", "serial", "index", "generation", "received_at", "controller_time", "type", "granted",
        "door", "direction", "card", "reason", "raw"]


def records_of(kind, records, key):
    if kind == 0:
        return readings_of(records)
    if kind == 1:
        names = ["channel_no", "name", "unit", "cumulative", "words", "modulus"]
        return [{"meter_no": no, "meter": meter, "profile": profile,
                 "channels": [dict(zip(names, channel)) for channel in channels]}
                for no, meter, profile, _, channels in records]
    if kind == 2:
        return [closing_words(unseal("closing", closing, key)) for closing in records]
    if kind == 3:
        events = [dict(zip(DOOR, event)) for event in records]
        for event in events:
            event["received_at"] = instant(event["received_at"])
            event["controller_time"] = instant(event["controller_time"])
            event["raw"] = event["raw"].hex()
        return events
    if kind == 4:
        return [{"reader": reader, "scanned_at": instant(at), "code": code} for reader, at, code in records]
    if kind == 5:
        for _, word, _, detail in records:
            if word in METER_EVENTS:
                validate("meter-event", json.loads(detail))
        return [{"at": instant(at), "kind": word, "subject": subject, "detail": detail}
                for at, word, subject, detail in records]
    if kind == 7:
        return [{"read_at": instant(read_at), "frozen_at": instant(frozen_at)[:-1], "freeze": FREEZE[freeze],
                 "meter_no": meter, "channel_no": channel, "value": value, "quality": QUALITY[quality],
                 "reason": reason, "raw": [raw[at:at + 2].hex() for at in range(0, len(raw), 2)]}
                for read_at, frozen_at, freeze, meter, channel, value, quality, reason, raw in records]
    return {"reason": records[0], "last_missing": records[1].hex()}


def block_words(payload, key):
    """A block in plain words, every record checked to have a place."""
    block = strict_cbor(payload, "block")
    validate("block", as_json(block))
    records = records_of(block[13], block[14], key)
    if block[13] != 6:
        want(len(records) == block[7] - block[6] + 1, "as many places as records")
    for seq, closing in enumerate(records if block[13] == 2 else [], block[6]):
        of_this_log = [closing["site"], closing["gateway"], closing["epoch"], closing["seq"]]
        want(of_this_log == [block[2], block[3], block[4].hex(), seq], "a closing of another log or place")
    return {"site": block[2], "gateway": block[3], "stream": STREAMS[block[5]], "first": block[6], "last": block[7],
            "epoch": block[4].hex(), "previous": block[8].hex(), "boot": block[9].hex(), "wall": instant(block[10]),
            "monotonic_ms": block[11], "trust": TRUST[block[12]], "records": records}


def read_message(kind, data, key):
    """Any message of the system, checked and in plain words."""
    if kind == "block":
        return block_words(unseal(kind, data, key), key)
    if kind == "closing":
        return closing_words(unseal(kind, data, key))
    if kind in TYPES:
        data = unseal(kind, data, key)
    value = json.loads(data.decode("utf-8"))
    validate(kind, value)
    return value


def kind_of_topic(topic):
    parts = topic.split("/")
    want(len(parts) >= 5 and parts[:2] == ["steward", "v1"], f"no topic of ours: {topic}")
    if len(parts) == 6 and parts[4] == "up" and parts[5] in STREAMS:
        return "block"
    if len(parts) in (6, 7) and parts[4] == "cmd" and parts[6:] in ([], ["result"]):
        return "command-result" if parts[6:] else "command"
    kinds = {"ack": "ack", "state": "state", "desired": "site-config", "reported": "reported"}
    want(len(parts) == 5 and parts[4] in kinds, f"no topic of ours: {topic}")
    return kinds[parts[4]]


def example(name):
    path = EXAMPLES / name
    return bytes.fromhex(path.read_text()) if name.endswith(".hex") else path.read_bytes()


def kind_of_example(name):
    stem = name.split(".")[0]
    return {"desired": "site-config", "state-last-will": "state"}.get(stem, stem.split("-")[0] if stem.startswith("block") else stem)


def check_example(name):
    kind = kind_of_example(name)
    signer = "cloud" if kind in ("ack", "site-config", "command") else "gateway"
    words = read_message(kind, example(name), EXAMPLES / f"{signer}-key.pub.pem") if name.endswith(".hex") else \
        read_json_example(kind, name)
    expected_file = EXAMPLES / (name.split(".")[0] + ".expect.json")
    want(expected_file.exists(), f"no {expected_file.name} beside {name}")
    expected = json.loads(expected_file.read_text())
    for key, value in expected.items():
        want(words.get(key) == value, f"{key} is\n  {words.get(key)}\nbut should be\n  {value}")
    return words


def read_json_example(kind, name):
    value = json.loads(example(name))
    validate(kind, value)
    return value


def check_chain():
    chain = ["block-catalogue.hex", "block-readings.hex", "block-closings.hex", "block-frozen.hex"]
    previous, last = "00" * 32, 0
    for name in chain:
        block = check_example(name)
        want(block["previous"] == previous and block["first"] == last + 1, f"{name} does not follow")
        previous, last = hashlib.sha256(example(name)).hexdigest(), block["last"]


def check_changed_bit():
    good = example("block-readings.hex")
    key = EXAMPLES / "gateway-key.pub.pem"
    for at in range(64, len(good), 29):
        changed = bytearray(good)
        changed[at] ^= 0x10
        try:
            read_message("block", bytes(changed), key)
        except Exception:  # the CBOR library has faults of its own for what is not CBOR
            continue
        raise Wrong(f"bit 4 of byte {at} changed, and nobody noticed")


def check_ruler():
    """Each line of worked bytes in docs/formats stands where it says in the example named before it."""
    seen = 0
    for page in ("blocks.md", "meter-events.md", "commands.md"):
        text = (ROOT / "docs" / "formats" / page).read_text()
        for worked in re.split(r"^### Worked bytes$", text, flags=re.MULTILINE)[1:]:
            block = example(re.search(r"contract/examples/([a-z-]+\.hex)", worked)[1])
            ruler = re.search(r"^```$(.*?)^```$", worked, re.MULTILINE | re.DOTALL)[1]
            for offset, octets in re.findall(r"^ *(\d+)  +((?:[0-9a-f]{2} )*[0-9a-f]{2})(?:  .*)?$", ruler, re.MULTILINE):
                data, seen = bytes.fromhex(octets), seen + 1
                want(block[int(offset):int(offset) + len(data)] == data, f"{page}: offset {offset} does not hold {octets}")
    want(seen > 55, f"only {seen} lines of worked bytes")


def check_schemas():
    for path in SCHEMAS.glob("*.schema.json"):
        jsonschema.Draft7Validator.check_schema(json.loads(path.read_text()))


def check_examples():
    names = sorted(p.name for p in EXAMPLES.iterdir() if p.suffix in (".hex", ".json") and ".expect" not in p.name)
    checks = [(name, lambda name=name: check_example(name)) for name in names]
    checks += [("the chain of the log `readings`", check_chain), ("one changed bit", check_changed_bit),
               ("the worked bytes of docs/formats", check_ruler), ("the schemas themselves", check_schemas)]
    failed = 0
    for name, check in checks:
        try:
            check()
        except Exception as error:
            failed += 1
            print(f"{name}: {error}", file=sys.stderr)
    print(f"{len(checks) - failed} passed, {failed} failed")
    return failed == 0


def check_messages(options):
    kind = kind_of_topic(options.topic)
    for path in options.files:
        try:
            print(json.dumps(read_message(kind, pathlib.Path(path).read_bytes(), options.key), ensure_ascii=False))
        except Exception as error:
            print(f"{path}: {error}", file=sys.stderr)
            return False
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("examples")
    message = verbs.add_parser("message")
    message.add_argument("--topic", required=True)
    message.add_argument("--key", type=pathlib.Path, help="public key of who signed; not for state and reported")
    message.add_argument("files", nargs="+")
    options = parser.parse_args()
    return 0 if (check_examples() if options.verb == "examples" else check_messages(options)) else 1


if __name__ == "__main__":
    sys.exit(main())
