#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Results whose addresses, or whose redirects, lead into private networks: is a connection to one ever tried?

    tests/hostile/capture.py PROGRAM DIRECTORY

Runs in a network and a mount namespace of its own (unshare -n -m), where each address is one of this machine, so that every
try is a packet on "lo", which is what is listened to. The service is on a public address there, with a certificate."""
import ipaddress
import json
import os
import re
import socket
import ssl
import subprocess
import sys
import threading
import time

import hostile
from service import Service

API = "93.184.215.14"
REACHED = "8.8.8.8"  # public: is tried, or the capture sees nothing at all
NAMES = {"api.example": [API], "ten.example": ["10.1.2.3"], "loop.example": ["127.0.0.1"], "meta.example": ["169.254.169.254"],
         "six.example": ["fd00::5", "fe80::5", "::1"], "mapped.example": ["::ffff:192.168.1.1"], "localhost": ["127.0.0.1", "::1"],
         "both.example": ["172.16.0.9", "100.64.0.9"]}
HOSTS = ["127.0.0.1", "localhost", "LOCALHOST.", "127.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "127.0.0.1.", "0", "0.0.0.0",
         "10.0.0.5", "10.0.0.5.", "167772165", "0xa000005", "012.0.0.5", "10.5", "172.16.0.1", "192.168.1.1", "100.64.0.1",
         "169.254.169.254", "2852039166", "198.18.0.1", "192.0.2.1", "224.0.0.1", "255.255.255.255", "240.0.0.1",
         "[::1]", "[::]", "[::ffff:10.0.0.5]", "[::ffff:7f00:1]", "[::10.0.0.5]", "[64:ff9b::a00:5]", "[64:ff9b:1::a00:5]", "[2002:a00:5::]",
         "[fd00::1]", "[fe80::1]", "[fe80::1%25lo]", "[fec0::1]", "[ff02::1]", "[2001:db8::1]", "[2001::1]",
         "user@10.0.0.5", "api.example@10.0.0.5", "api.example:443@10.0.0.5", "api.example%40@10.0.0.5", "\uff11\uff10.0.0.5",
         "10\u30020\u30020\u30025"] + [name for name in NAMES if name not in ("api.example", "localhost")]
ADDRESSES = [f"https://{host}/x" for host in HOSTS] + ["https://10.0.0.5:8443/x", "http://10.0.0.5/x", "http://127.0.0.1/x", "//10.0.0.5/x",
                                                       "https:\\\\10.0.0.5/x", "https://api.example\\@10.0.0.5/x", "ftp://10.0.0.5/x",
                                                       "gopher://127.0.0.1:6379/x", "https:10.0.0.5/x"]


class Capture(threading.Thread):
    """Whom somebody wanted a TCP connection to: {(address, port)}."""

    def __init__(self):
        super().__init__(daemon=True)
        self.wanted = set()
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))  # ETH_P_ALL
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self.socket.bind(("lo", 3))

    def run(self):
        while True:
            packet = self.socket.recv(65535)
            if packet[0] >> 4 == 4:
                protocol, to, segment = packet[9], packet[16:20], packet[(packet[0] & 15) * 4:]
            else:
                protocol, to, segment = packet[6], packet[24:40], packet[40:]
            if protocol == 6 and segment[13] & 0x12 == 2:  # SYN without ACK
                self.wanted.add((ipaddress.ip_address(to), int.from_bytes(segment[2:4], "big")))

    def sees(self, address, port):
        end = time.monotonic() + 20
        while (ipaddress.ip_address(address), port) not in self.wanted:
            if time.monotonic() > end:
                return False
            time.sleep(0.05)
        return True


class TlsService(Service):
    """Prompt "u-N" gets ADDRESSES[N] as its result, "r-N" an address of the service that redirects there."""

    def __init__(self, context, addresses):
        super().__init__()
        self.url, self.addresses = "https://api.example", addresses
        self.listener = context.wrap_socket(socket.create_server((API, 443), backlog=256), server_side=True,
                                            do_handshake_on_connect=False)
        threading.Thread(target=self.accept, daemon=True).start()

    def prepare(self, r):
        match = re.match(r"/to/(\d+)", r.path)
        if match:
            r.status, r.extra = 302, ["Location: " + self.addresses[int(match[1])].encode("utf-8").decode("latin-1")]
        elif r.method == "POST":
            task = re.search(r"[ur]-\d+", r.body.decode())[0]
            r.good(json.dumps({"status": 200, "data": {"task_ids": [task], "batch_id": 7}}).encode())
        elif (match := re.match(r"/v1/generation/([ur])-(\d+)/status", r.path)):
            address = self.addresses[int(match[2])] if match[1] == "u" else f"{self.url}/to/{match[2]}"
            r.good(json.dumps({"status": 200, "data": {"task_id": f"{match[1]}-{match[2]}", "task_status": "succeed", "images": [address]}}).encode())
        else:
            super().prepare(r)


def call(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def make_world(directory):
    """The network and the names; returns what TLS is spoken with."""
    # mounts of others would live on in here when they are unmounted
    subprocess.run(["umount", "-a", "-l", "-t", "fuse.weryaifs"], check=False, stderr=subprocess.DEVNULL)
    call("ip", "link", "set", "lo", "up")
    call("ip", "route", "add", "local", "0.0.0.0/0", "dev", "lo")
    subprocess.run(["ip", "-6", "route", "add", "local", "::/0", "dev", "lo"], check=False)
    files = {"hosts": "".join(f"{address} {name}\n" for name, addresses in NAMES.items() for address in addresses), "resolv.conf": ""}
    for name, text in files.items():
        with open(f"{directory}/{name}", "w", encoding="ascii") as file:
            file.write(text)
        call("mount", "--bind", f"{directory}/{name}", os.path.realpath(f"/etc/{name}"))
    call("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=api.example", "-addext",
         "subjectAltName=DNS:api.example", "-keyout", f"{directory}/tls.key", "-out", f"{directory}/tls.crt")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{directory}/tls.crt", f"{directory}/tls.key")
    return context


def main():
    program, directory = sys.argv[1:]
    os.makedirs(directory, exist_ok=True)
    addresses = ADDRESSES + [f"https://{REACHED}/x"]
    service = TlsService(make_world(directory), addresses)
    capture = Capture()
    capture.start()
    hostile.OPTIONS += f",ca_file={directory}/tls.crt,connect_timeout=2"
    left = [f"{way}-{i}" for way in "ur" for i in range(len(addresses))]
    with hostile.Mount(program, directory, service) as mount:
        for stem in left:
            with open(f"{mount.mount}/FLUX/{stem}.txt", "w", encoding="ascii") as file:
                file.write(stem + "\n")
        seen = capture.sees(API, 443) and capture.sees(REACHED, 443)
        # each was tried: it is left out, or will be tried again
        left, end = set(left), time.monotonic() + 60
        while left and time.monotonic() < end:
            left = {stem for stem in left if not re.search("^state: SUCCESS|could not be fetched", mount.status(stem))}
            time.sleep(0.1)
    # the capture does see a connection into a private network
    try:
        socket.create_connection(("10.9.9.9", 9), 2)
    except OSError:
        pass
    seen = capture.sees("10.9.9.9", 9) and seen
    tried = sorted(f"{address} port {port}" for address, port in capture.wanted
                   if not address.is_global and port != 9 or str(address) not in (API, REACHED, "10.9.9.9"))
    for text in tried:
        print("a connection was tried to", text)
    for stem in sorted(left):
        print("not at its end:", stem, addresses[int(stem[2:])])
    if not seen:
        print("the capture does not see what it has to see:", sorted(map(str, capture.wanted)))
    print(f"{2 * len(ADDRESSES)} results in private networks, half of them by way of a redirect: {len(tried)} connections tried, daemon ended with {mount.code}")
    return 1 if tried or left or not seen or mount.code != 0 else 0


if __name__ == "__main__":
    sys.exit(main())
