"""Two network namespaces and a wire with a delay between them, all in user space.

A kernel without netem cannot delay packets, so a TUN device in either namespace hands them to
this process, which holds each for half of a round trip. Linux, root.
"""

import collections
import ctypes
import fcntl
import os
import select
import struct
import subprocess
import sys
import time

DEVICE = "wire0"
NEAR_ADDRESS, FAR_ADDRESS = "10.83.0.1", "10.83.0.2"
CLONE_NEWNET = 0x40000000
TUNSETIFF = 0x400454CA
IFF_TUN_NO_PI = 0x0001 | 0x1000


class Wire:
    """`with Wire(50) as wire:` and commands prefixed with `wire.near` or `wire.far`."""

    def __init__(self, round_trip_ms):
        self.delay = round_trip_ms / 2
        # Our process id in the names: two benches at once do not meet
        self.names = [f"rdpwhy{os.getpid()}{side}" for side in ("near", "far")]
        self.near, self.far = (["ip", "netns", "exec", name] for name in self.names)
        self.process = None

    def __enter__(self):
        try:
            for name in self.names:
                ip("netns", "add", name)
                ip("-n", name, "link", "set", "lo", "up")
            command = [sys.executable, os.path.abspath(__file__), *self.names, str(self.delay)]
            # A session of its own: Ctrl-C reaches us alone, and we end the wire last
            self.process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, start_new_session=True
            )
            if self.process.stdout.readline() != b"ready\n":
                raise RuntimeError("the wire did not start; are TUN devices allowed here?")
            for name, address in zip(self.names, (NEAR_ADDRESS, FAR_ADDRESS)):
                ip("-n", name, "addr", "add", address + "/24", "dev", DEVICE)
                ip("-n", name, "link", "set", DEVICE, "up")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.process:
            self.process.kill()
            self.process.wait()
        for name in self.names:
            subprocess.run(["ip", "netns", "del", name], stderr=subprocess.DEVNULL, check=False)


def ip(*arguments):
    subprocess.run(["ip", *arguments], check=True)


def device(name):
    """A TUN device in that namespace, which goes when this process does."""
    with open("/run/netns/" + name, "rb") as namespace:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.setns(namespace.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")
    tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", DEVICE.encode(), IFF_TUN_NO_PI))
    return tun


def carry(near, far, delay):
    """Hands every packet to the other side, `delay` seconds later."""
    other = {near: far, far: near}
    # Every packet waits equally long, so the order of arrival is the order of leaving
    waiting = collections.deque()
    while True:
        timeout = max(0, waiting[0][0] - time.monotonic()) if waiting else None
        for tun in select.select([near, far], [], [], timeout)[0]:
            try:
                waiting.append((time.monotonic() + delay, other[tun], os.read(tun, 65536)))
            except OSError:
                pass  # the device is not up yet
        while waiting and waiting[0][0] <= time.monotonic():
            _, tun, packet = waiting.popleft()
            try:
                os.write(tun, packet)
            except OSError:
                pass  # as a real wire does with what cannot be delivered


if __name__ == "__main__":
    pair = [device(name) for name in sys.argv[1:3]]
    print("ready", flush=True)
    carry(*pair, float(sys.argv[3]) / 1000)
