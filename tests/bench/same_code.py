#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""usage: same_code.py COMPILER...

Fails unless the compiler makes the same machine code of a loop of calls through a plugin as of one through a pointer; skips (77) where
there is no objdump."""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

here = pathlib.Path(__file__).parent


def instructions(code, function):
    """Those of one function, with places counted from its beginning."""
    listing = subprocess.run(["objdump", "-d", "--no-show-raw-insn", "--no-addresses", "--disassemble=" + function, code],
                             check=True, capture_output=True, text=True).stdout
    body = re.search(rf"<{function}>:\n(.*?)(\n\n|\Z)", listing, re.S).group(1)
    found = [line.strip().replace("<" + function, "<") for line in body.splitlines()]
    while found[-1].startswith(("nop", "cs nop", "data16", "xchg")):
        found.pop()
    return found


def main(compiler):
    if not shutil.which("objdump"):
        print("skipped: there is no objdump")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        for level in ("-O1", "-O2", "-O3"):
            code = f"{folder}/loop.o"
            subprocess.run([*compiler, "-std=c++20", level, f"-I{here.parents[1]}/include", "-c", here / "loop.cpp", "-o", code], check=True)
            plugin, pointer = instructions(code, "through_plugin"), instructions(code, "through_pointer")
            if len(plugin) < 8 or plugin != pointer:
                print(f"with {level}, through the plugin:", *plugin, "and through the pointer:", *pointer, sep="\n  ")
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["c++"]))
