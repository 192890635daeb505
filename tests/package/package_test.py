#!/usr/bin/env python3
"""The Debian packages, as a machine that installs them sees them.

package_test.py FOLDER...: folders that `./dev package` made. Reads the packages with Debian's own tools; nothing is
installed on this machine: a package is unpacked into a folder, and its amd64 programs are run there.
"""
import gzip
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGES = {}  # (name, architecture) -> file
SERVICES = ("edge", "cloud")
# systemd-analyze's exposure, times ten: what is left is the network, serial lines and an own user.
EXPOSURE = {"edge": 15, "cloud": 11}


def run(*command, check=True, **more):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **more)
    if check and done.returncode != 0:
        raise AssertionError(f"{command}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done


def field(package, name):
    return run("dpkg-deb", "--field", package, name).stdout.strip()


class Unpacked:
    """Every package unpacked into a folder of its own, once."""

    folder = None
    roots = {}

    @classmethod
    def of(cls, key):
        if cls.folder is None:
            cls.folder = tempfile.TemporaryDirectory(prefix="steward-package-")
        if key not in cls.roots:
            root = pathlib.Path(cls.folder.name) / "_".join(key)
            run("dpkg-deb", "-x", PACKAGES[key], root)
            cls.roots[key] = root
        return cls.roots[key]


def program(key):
    return Unpacked.of(key) / "usr/bin" / key[0]


def needed(path):
    return set(re.findall(r"\(NEEDED\).*\[(.+)\]", run("readelf", "-dW", path).stdout))


def help_words(text):
    """Verbs and options of a --help-all text: what a person can type."""
    options = set(re.findall(r"(?m)^ +(?:-\w,)?(--[a-z][a-z-]+)", text))
    verbs = set()
    under = False  # the line before was a heading of subcommands, or a verb at the margin
    for line in text.splitlines():
        if re.match(r"^\s*Subcommands:", line):
            under = True
        elif under and (found := re.match(r"^\s*([a-z][a-z-]+)\s*$", line)):
            verbs.add(found.group(1))
    return options, verbs


def versions(depends):
    """Of "libc6 (>= 2.34), libm": the least version of each package; None where any will do."""
    found = re.findall(r"([a-z0-9.+-]+)(?: \(>= ([^)]+)\))?", depends)
    return {name: least or None for name, least in found}


class Everywhere(unittest.TestCase):
    def each(self):
        for key, file in sorted(PACKAGES.items()):
            with self.subTest(package=file.name):
                yield key, file

    def test_the_programs_that_were_promised_are_there(self):
        self.assertIn(("steward-edge", "amd64"), PACKAGES)
        self.assertIn(("steward-cloud", "amd64"), PACKAGES)
        self.assertIn(("steward-sim", "amd64"), PACKAGES)
        self.assertIn(("steward-verify", "amd64"), PACKAGES)
        self.assertIn(("steward-edge", "arm64"), PACKAGES)

    def test_lintian_finds_nothing(self):
        # initial-upload-closes-no-bugs: these packages are not uploaded to Debian's archive, so no bug asks for them.
        found = run("lintian", "--profile", "debian", "--fail-on", "error,warning", "--suppress-tags",
                    "initial-upload-closes-no-bugs", "--allow-root", *PACKAGES.values(), check=False)
        self.assertEqual((found.returncode, found.stdout), (0, ""), found.stderr)

    def test_lintian_would_find_a_broken_package(self):
        with tempfile.TemporaryDirectory() as folder:
            broken = pathlib.Path(folder) / "broken"
            run("dpkg-deb", "-R", PACKAGES[("steward-sim", "amd64")], broken)
            (broken / "usr/share/doc/steward-sim/copyright").unlink()
            run("dpkg-deb", "--root-owner-group", "-b", broken, folder + "/broken.deb")
            found = run("lintian", "--fail-on", "error", "--allow-root", folder + "/broken.deb", check=False)
            self.assertIn("no-copyright-file", found.stdout)
            self.assertNotEqual(found.returncode, 0)

    def test_programs_are_hardened_and_stripped(self):
        for key, _ in self.each():
            path = program(key)
            self.assertIn("Type:                              DYN", run("readelf", "-hW", path).stdout)
            dynamic = run("readelf", "-dW", path).stdout
            self.assertIn("PIE", dynamic)
            self.assertIn("NOW", dynamic)
            self.assertIn("GNU_RELRO", run("readelf", "-lW", path).stdout)
            symbols = run("readelf", "--dyn-syms", "-W", path).stdout
            self.assertIn("__stack_chk_fail", symbols)
            self.assertRegex(symbols, r"__\w+_chk@")
            self.assertNotIn(".symtab", run("readelf", "-SW", path).stdout)

    def test_what_is_stated_by_hand_is_what_the_programs_need(self):
        for key, file in self.each():
            stated = set(field(file, "Depends").split(", "))
            if key[1] != "amd64":
                self.assertEqual(needed(program(key)) - {"ld-linux-aarch64.so.1"},
                                 needed(program((key[0], "amd64"))) - {"ld-linux-x86-64.so.2"})
                self.assertEqual(stated, set(field(PACKAGES[(key[0], "amd64")], "Depends").split(", ")))
                continue
            with tempfile.TemporaryDirectory() as folder:
                (pathlib.Path(folder) / "debian").mkdir()
                (pathlib.Path(folder) / "debian/control").write_text("Source: steward\n\nPackage: x\nArchitecture: any\n")
                out = run("dpkg-shlibdeps", "-O", program(key), cwd=folder).stdout
            needs = versions(out.strip().removeprefix("shlibs:Depends="))
            ours = {name: least for name, least in versions(", ".join(stated)).items()
                    if not name.startswith(("init-", "systemd"))}
            self.assertEqual(set(needs), set(ours))
            for name, least in needs.items():
                run("dpkg", "--compare-versions", ours[name] or "0", "ge", least or "0")

    def test_a_config_is_a_conffile_and_nothing_else_lies_in_etc(self):
        for key, file in self.each():
            in_etc = {"/" + str(path.relative_to(Unpacked.of(key)))
                      for path in (Unpacked.of(key)).glob("etc/**/*") if path.is_file()}
            control = run("dpkg-deb", "--info", file, "conffiles", check=False).stdout.split()
            self.assertEqual(in_etc, set(control))

    def test_a_change_log_of_this_version_and_a_licence_are_there(self):
        for key, file in self.each():
            folder = Unpacked.of(key) / "usr/share/doc" / key[0]
            first = gzip.decompress((folder / "changelog.Debian.gz").read_bytes()).decode().splitlines()[0]
            self.assertIn(f"({field(file, 'Version')})", first)
            self.assertIn("Apache-2.0", (folder / "copyright").read_text())


class Amd64(unittest.TestCase):
    def test_unpacked_programs_say_their_version(self):
        for name in ("steward-edge", "steward-cloud", "steward-sim", "steward-verify"):
            said = run(program((name, "amd64")), "--version").stdout.strip()
            version = field(PACKAGES[(name, "amd64")], "Version").split("-")[0]
            self.assertEqual(said, f"{name} {version}")

    def test_the_installed_profiles_are_sound(self):
        root = Unpacked.of(("steward-edge", "amd64"))
        profiles = sorted((root / "usr/share/steward/profiles").glob("*.json"))
        self.assertEqual([p.name for p in profiles], sorted(p.name for p in (ROOT / "drivers/profiles").glob("*.json")))
        run(program(("steward-edge", "amd64")), "profile", "check", *profiles)

    def test_the_installed_config_is_refused_with_one_sentence_and_not_when_it_was_edited(self):
        root = Unpacked.of(("steward-edge", "amd64"))
        edge = program(("steward-edge", "amd64"))
        config = root / "etc/steward/edge.json"
        said = run(edge, "--config", config, "--check", check=False)
        self.assertEqual(said.returncode, 2)
        self.assertIn('take the line "unedited" out', said.stderr)
        self.assertIn("请填写", said.stderr)
        with tempfile.TemporaryDirectory() as folder:
            edited = pathlib.Path(folder) / "edge.json"
            edited.write_text("\n".join(line for line in config.read_text().splitlines() if '"unedited"' not in line))
            said = run(edge, "--config", edited, "--check", check=False)
        self.assertNotIn("unedited", said.stderr)
        self.assertIn("meters.csv", said.stderr)  # the next thing that is missing: the rest is well-formed

    def test_the_cloud_as_installed_says_which_file_names_the_broker(self):
        said = run(program(("steward-cloud", "amd64")), "--data", "nowhere", "serve", "--broker-host", "",
                   "--broker-port", "8883", "--monitor-port", "9465", check=False)
        self.assertEqual(said.returncode, 2)
        self.assertIn("/etc/steward/cloud.env", said.stderr)

    def test_each_verb_and_option_of_help_is_in_the_manual_page(self):
        for name, page in (("steward-edge", 8), ("steward-cloud", 8), ("steward-sim", 1), ("steward-verify", 1)):
            with self.subTest(program=name):
                root = Unpacked.of((name, "amd64"))
                packed = root / f"usr/share/man/man{page}/{name}.{page}.gz"
                source = gzip.decompress(packed.read_bytes()).decode()
                with tempfile.NamedTemporaryFile("w", suffix=f".{page}") as plain:
                    plain.write(source)
                    plain.flush()
                    text = run("mandoc", "-Tutf8", plain.name).stdout
                    lint = run("mandoc", "-Tlint", "-Wwarning", plain.name, check=False)
                text = re.sub(r".\x08", "", text)  # overstrikes
                self.assertEqual(lint.stdout, "")
                options, verbs = help_words(run(program((name, "amd64")), "--help-all").stdout)
                self.assertGreater(len(options), 3)
                self.assertGreater(len(verbs), 0)
                shown = set(re.findall(r"--[a-z][a-z-]+", text))
                self.assertEqual(options - shown - {"--help"}, set())
                self.assertEqual({verb for verb in verbs if not re.search(rf"\b{verb}\b", text)}, set())

    def test_the_page_of_the_config_names_every_key_of_its_document(self):
        root = Unpacked.of(("steward-edge", "amd64"))
        page = gzip.decompress((root / "usr/share/man/man5/steward-edge.json.5.gz").read_bytes()).decode()
        document = (ROOT / "docs/formats/edge-config.md").read_text()
        document = document.split("## Config file")[1].split("\n## ")[0]
        keys = set()
        for row in re.findall(r"^\| (`.+?`) \|", document, re.M):
            for name in re.findall(r"`([^`]+)`", row):
                keys.update(re.split(r"[.\[\]]+", name))
        self.assertGreater(len(keys), 40)
        self.assertEqual({key for key in keys if key and not re.search(rf"\b{key}\b", page)}, set())

    def test_units_are_sound_and_their_exposure_is_low(self):
        for name in SERVICES:
            root = Unpacked.of((f"steward-{name}", "amd64"))
            unit = root / f"lib/systemd/system/steward-{name}.service"
            text = unit.read_text()
            here = root / f"steward-{name}.service"  # its program lies below the folder, not in /usr/bin
            here.write_text(text.replace("ExecStart=/usr/bin/", f"ExecStart={root}/usr/bin/"))
            said = run("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", here, check=False)
            ours = [line for line in (said.stdout + said.stderr).splitlines() if f"steward-{name}" in line]
            self.assertEqual((said.returncode, ours), (0, []), said.stderr)
            run("systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSURE[name]}", unit)
            bare = root / "bare.service"
            bare.write_text("[Service]\nExecStart=/bin/true\n")
            self.assertNotEqual(run("systemd-analyze", "security", "--offline=true",
                                    f"--threshold={EXPOSURE[name]}", bare, check=False).returncode, 0)
            self.assertIn("Type=notify", text)
            self.assertRegex(text, r"(?m)^WatchdogSec=300$")

    def test_users_and_folders_are_made_in_an_empty_root(self):
        for name in SERVICES:
            root = Unpacked.of((f"steward-{name}", "amd64"))
            with tempfile.TemporaryDirectory() as empty:
                etc = pathlib.Path(empty) / "etc"
                etc.mkdir()
                (etc / "group").write_text("root:x:0:\ndialout:x:20:\n")
                (etc / "passwd").write_text("root:x:0:0:root:/:/bin/sh\n")
                run("systemd-sysusers", f"--root={empty}", root / f"usr/lib/sysusers.d/steward-{name}.conf")
                self.assertRegex((etc / "passwd").read_text(), rf"(?m)^steward-{name}:.*:/usr/sbin/nologin$")
                run("systemd-tmpfiles", f"--root={empty}", "--create",
                    root / f"usr/lib/tmpfiles.d/steward-{name}.conf")
                folder = pathlib.Path(empty) / f"var/lib/steward-{name}"
                self.assertEqual(folder.stat().st_mode & 0o777, 0o700)


if __name__ == "__main__":
    for given in sys.argv[1:]:
        for file in pathlib.Path(given).glob("*.deb"):
            PACKAGES[(field(file, "Package"), field(file, "Architecture"))] = file
    unittest.main(argv=sys.argv[:1], verbosity=2)
