#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""usage: tests/includes.py [ROOT]

Holds the includes to README.md's table, which has the headers from below: each is in it once, and includes only what stands
before it, so that there is no cycle; and the lowest of all, which says what a compiler and a system have to be. What plugins include has nothing heavy of the standard library, and is what the single file
for plugins has. The loader is the last, and the only one that knows all the ways to a plugin.
"""
import pathlib
import re
import sys

import amalgamate

# What design and measurements keep from a plugin's compilation.
HEAVY = {'algorithm', 'atomic', 'chrono', 'filesystem', 'functional', 'iostream', 'memory', 'mutex', 'ranges', 'sstream', 'string',
         'string_view', 'system_error', 'thread', 'vector'}
WAYS = {'registry', 'plugin', 'repository', 'builder'}


def layers(readme):
    """The rows of the table, each a list of headers."""
    section = re.search(r'^## Which header holds what$(.*?)^## ', readme, re.MULTILINE | re.DOTALL)
    rows = re.findall(r'^\|[^|`]+\| ((?:`\w+`(?:, )?)+) \|$', section[1] if section else '', re.MULTILINE)
    return [re.findall(r'`(\w+)`', row) for row in rows]


def reached(heads, includes):
    found = set()
    waiting = list(heads)
    while waiting:
        if (name := waiting.pop()) not in found:
            found.add(name)
            waiting += includes.get(name, [])
    return found


def faults(root):
    """All that is wrong, in sentences."""
    table = layers((root / 'README.md').read_text())
    order = [name for layer in table for name in layer]
    texts = {path.stem: path.read_text() for path in (root / 'include/tenon').glob('*.hpp')}
    includes = {name: re.findall(r'^\s*#\s*include <tenon/(\w+)\.hpp>', text, re.MULTILINE) for name, text in texts.items()}

    for name in sorted(texts):
        if order.count(name) != 1:
            yield f'{name}.hpp is {order.count(name)} times in the table of README.md, "Which header holds what"'
    for name in order:
        if name not in texts:
            yield f'{name}.hpp is in the table and not there'
        for below in includes.get(name, []):
            if below in order and order.index(below) >= order.index(name):
                yield f'{name}.hpp includes {below}.hpp, which does not stand before it'
        if name in texts and order[0] not in reached([name], includes):
            yield f'{name}.hpp does not include {order[0]}.hpp, which refuses compilers and systems that are not enough'

    for name in table[0] if table else []:
        for heavy in HEAVY & set(re.findall(r'#\s*include <(\w+)>', texts.get(name, ''))):
            yield f'{name}.hpp is what plugins include, and includes <{heavy}>'
    if table and set(table[0]) != (single := reached(amalgamate.PLUGIN, includes)):
        yield f'the first row and the single file for plugins differ in {", ".join(sorted(set(table[0]) ^ single))}'

    for name in sorted(texts):
        known = WAYS & set(includes[name])
        if name == 'loader' and known != WAYS or name != 'loader' and len(known) > 1:
            yield f'{name}.hpp includes {", ".join(sorted(known)) or "none"} of {", ".join(sorted(WAYS))}, and the loader alone all of them'
    if order and order[-1] != 'loader':
        yield f'{order[-1]}.hpp stands behind the loader'


def main():
    root = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else amalgamate.ROOT
    if wrong := list(faults(root)):
        sys.exit('\n'.join(wrong))


if __name__ == '__main__':
    main()
