"""What the benches share: the binary, the servers of its lab, one probe, docs/measured.md."""

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
RELEASE = os.path.join(ROOT, "target", "release", "rdpwhy")
DOCS = os.path.join(ROOT, "docs")
CORES = os.cpu_count()
INTRODUCTION = f"""# Measured

The scripts in `bench/` write this file: `bench/all`, or one of them with `--write`.
The machine has {CORES} cores.
How often rdpwhy names the cause, and how fast, beside the tools that people use today, stands in [comparison.md](comparison.md).
What the scanners of TLS find, and how fast, stands in [tls-scanners.md](tls-scanners.md).
"""
# A run ends by itself after 30 s; one that is not done by then is broken
PATIENCE = 60


def arguments(description):
    """The options that every bench has."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--bin", default=RELEASE, help="the rdpwhy to measure (default: the release build)")
    parser.add_argument("--write", action="store_true", help="write the figures into docs/")
    return parser


def parse(parser):
    """The arguments, once it is certain that there is something to measure."""
    given = parser.parse_args()
    given.bin = os.path.abspath(given.bin)
    if not os.access(given.bin, os.X_OK):
        parser.error("there is no rdpwhy to measure: cargo build --release, or --bin")
    if given.write and given.only:
        parser.error("--write wants all of them measured")
    # Whatever ends a bench lets it clean up, also where the shell had switched Ctrl-C off
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    return given


def run(main):
    """Ends the script with the status that `main` gives."""
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)


def command(given, name, more=""):
    """How to get the same figures again, for the documents."""
    # Its name alone: where it lies is this machine's affair
    chosen = "" if given.bin == RELEASE else " --bin …/" + os.path.basename(given.bin)
    return f"`bench/{name}{chosen}{more}`"


def faults(binary, wanted=()):
    """The lab's faults and healthy hosts, or those of them that are wanted."""
    listed = subprocess.run([binary, "demo", "--list"], check=True, capture_output=True, text=True)
    names = [line.split()[0] for line in listed.stdout.splitlines()]
    unknown = [name for name in wanted if name not in names]
    if unknown:
        sys.exit(f"the lab has no fault {' '.join(unknown)}; rdpwhy demo --list names them")
    return list(wanted) or names


def find(program):
    """Where it is: in PATH, or in the virtual environment that the benches keep for it."""
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    own = os.path.join(cache, "rdpwhy-bench", program, "bin")
    return shutil.which(program) or shutil.which(program, path=own)


class NotHere(Exception):
    """This machine cannot show a fault."""


class LabServer:
    """`rdpwhy lab FAULT`, until the end of the `with`."""

    def __init__(self, binary, fault, address="127.0.0.1", prefix=()):
        # A session of its own: Ctrl-C reaches the bench alone, which then ends the server
        self.process = subprocess.Popen(
            [*prefix, binary, "lab", fault, "--bind", address],
            stdout=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        text = ""
        for line in self.process.stdout:
            text += line
            if line.startswith("Ctrl-C"):
                break
        listening = re.search(r"^listening on (\S+)", text, re.M)
        resolver = re.search(r"--resolver (\S+)", text)
        if not listening:
            self.__exit__()
            raise NotHere("this machine cannot show it")
        self.arguments = [listening[1]] + (["--resolver", resolver[1]] if resolver else [])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def probe(binary, server, prefix=()):
    """The report of `rdpwhy probe` on a server of the lab, and the peak of its memory in MiB."""
    process = subprocess.Popen(
        [*prefix, binary, "probe", "--json", "--no-memory", *server.arguments],
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    # wait4 tells the usage of this child alone, but knows no deadline
    signal.signal(signal.SIGALRM, lambda *_: process.kill())
    signal.alarm(PATIENCE)
    try:
        with process.stdout:
            text = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    except BaseException:
        process.kill()
        raise
    finally:
        signal.alarm(0)
    if process.returncode not in (0, 1, 3):
        raise RuntimeError(f"rdpwhy probe ended with {process.returncode} instead of a report")
    return json.loads(text), usage.ru_maxrss / 1024


def today():
    return time.strftime("%Y-%m-%d", time.gmtime())


def write(name, text):
    os.makedirs(DOCS, exist_ok=True)
    with open(os.path.join(DOCS, name), "w", encoding="utf-8") as file:
        file.write(text)


def write_section(title, sentences):
    """Replaces a section of docs/measured.md, or adds it; one sentence per line."""
    try:
        with open(os.path.join(DOCS, "measured.md"), encoding="utf-8") as file:
            parts = re.split(r"^## ", file.read(), flags=re.M)[1:]
    except FileNotFoundError:
        parts = []
    sections = dict(part.split("\n", 1) for part in parts)
    sections[title] = "\n".join(sentences)
    bodies = (f"\n## {name}\n\n{body.strip()}\n" for name, body in sections.items())
    write("measured.md", INTRODUCTION + "".join(bodies))
