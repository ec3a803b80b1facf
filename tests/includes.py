#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""usage: tests/includes.py [ROOT]

Holds the includes of include/tenon/ to its folders. detail/LAYER/ is a layer; a header there includes only its own layer, those
below, and the public headers in SHARED, which say what the layers are about. There is no cycle. Each header includes version.hpp,
which refuses compilers and systems that are not enough. What plugins include, which is what their single file is made of, has
nothing heavy of the standard library. One header alone knows all the ways to a plugin.

A public header may include at its end, under `#ifdef TENON_DEFINITIONS`, what defines the functions that it declares. That is
above it, and does not count as one of its includes.
"""
import pathlib
import re
import sys

import amalgamate

# From below.
LAYERS = ['system', 'interface', 'library', 'cache', 'source', 'build', 'reload', 'load']
# The vocabulary, and what a plugin includes.
SHARED = ['allow_list', 'cache', 'diagnostic', 'driver', 'error', 'event', 'loader_options', 'manifest', 'options', 'policy', 'registry',
          'stop_signal', 'trust', 'version', 'export', 'hooks', 'interface', 'layout', 'registration']
# What design and measurements keep from a plugin's compilation.
HEAVY = {'algorithm', 'atomic', 'chrono', 'filesystem', 'functional', 'iostream', 'memory', 'mutex', 'ranges', 'sstream', 'string',
         'string_view', 'system_error', 'thread', 'vector'}
WAYS = {'registry', 'detail/source/repository', 'detail/build/builder'}
KNOWS_ALL_WAYS = 'detail/load/library_finder'


def layer_of(name):
    """The layer of a header; none for a public one."""
    return name.split('/')[1] if name.startswith('detail/') else None


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
    include = root / 'include'
    texts = {name: (include / f'tenon/{name}.hpp').read_text() for name in amalgamate.names_of_headers(include)}
    definitions = {name: amalgamate.DEFINITIONS.findall(text) for name, text in texts.items()}
    includes = {name: re.findall(r'^\s*#\s*include <tenon/([\w/]+)\.hpp>', amalgamate.DEFINITIONS.sub('', text), re.MULTILINE)
                for name, text in texts.items()}

    for name, below in includes.items():
        if (layer := layer_of(name)) and layer not in LAYERS:
            yield f'{name}.hpp is in none of the layers {", ".join(LAYERS)}'
            continue
        for other in below if layer else []:
            if not layer_of(other) and other not in SHARED:
                yield f'{name}.hpp includes {other}.hpp, which is for users: only {", ".join(SHARED)} are for detail too'
            elif layer_of(other) in LAYERS and LAYERS.index(layer_of(other)) > LAYERS.index(layer):
                yield f'{name}.hpp includes {other}.hpp, and {layer} is below {layer_of(other)}'
        if definitions[name] and layer_of(name):
            yield f'{name}.hpp includes definitions, which only headers for users do'
        if name in reached(below, includes):
            yield f'{name}.hpp includes itself, by way of {", ".join(sorted(b for b in below if name in reached([b], includes)))}'
        if 'version' not in reached([name], includes):
            yield f'{name}.hpp does not include version.hpp, which refuses compilers and systems that are not enough'
        known = WAYS & set(below)
        if len(known) > 1 and name != KNOWS_ALL_WAYS:
            yield f'{name}.hpp includes {", ".join(sorted(known))}, and {KNOWS_ALL_WAYS}.hpp alone may include several ways to a plugin'

    for name in sorted(reached(amalgamate.PLUGIN, includes)):
        for heavy in sorted(HEAVY & set(re.findall(r'#\s*include <(\w+)>', texts.get(name, '')))):
            yield f'{name}.hpp is what plugins include, and includes <{heavy}>'


def main():
    root = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else amalgamate.ROOT
    if wrong := list(faults(root)):
        sys.exit('\n'.join(wrong))


if __name__ == '__main__':
    main()
