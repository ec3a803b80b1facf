#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""usage: tests/amalgamate.py [--check] [--include FOLDER]

Writes include/tenon.hpp, which has all of include/tenon/, and include/tenon_plugin.hpp, which has what interfaces and
plugins need. Never edit these two: edit what they are made from, and run this. The same headers give the same bytes.

What public headers include under `#ifdef TENON_DEFINITIONS`, and all that is only for that, comes at the end, under
that one condition.

--check writes nothing, and fails where they are not what would be written. A header fails either way that could not
stand in one file: one that is included as anything but <tenon/NAME.hpp>, or under another condition, one that is not
there, one without its include guard, and one that leaves a macro behind that is not its users' business.
"""
import argparse
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Everything is every header that there is, so that a new one cannot be forgotten.
PLUGIN = ['interface', 'export', 'registration']
PUBLIC = {'TENON_VERSION', 'TENON_ABI', 'TENON_EXPORT'}
# What every header uses, of the lowest one.
SHARED = {'TENON_HIDDEN', 'TENON_OWN', 'TENON_HOST_TYPE', 'TENON_SEPARATE', 'TENON_INLINE', 'TENON_DEFINITIONS'}

INCLUDE = re.compile(r'\s*#\s*include\s*(\S+)')
OWN = re.compile(r'<tenon/([\w/]+)\.hpp>')
# At the end of a header: what defines the functions that it declares.
DEFINITIONS = re.compile(r'\n#ifdef TENON_DEFINITIONS\n((?:#include <tenon/[\w/]+\.hpp>\n)+)#endif\n')
DEFINE = re.compile(r'#\s*define\s+(\w+)(.*)', re.DOTALL)


class Unfit(Exception):
    """A header that cannot be pasted."""


def guard_of(name):
    """The include guard of <tenon/NAME.hpp>."""
    return f'TENON_{name.upper().replace("/", "_")}_HPP'


def is_public(name):
    return not name.startswith('detail/')


def names_of_headers(include):
    """NAME of every <tenon/NAME.hpp> that there is."""
    folder = include / 'tenon'
    return sorted(str(path.relative_to(folder).with_suffix('')) for path in folder.rglob('*.hpp'))


def logical_lines(text):
    """Lines as the preprocessor sees them; one that goes on has its line breaks in it."""
    return re.findall(r'(?:[^\n]*\\\n)*[^\n]*\n', text)


class SingleFile:
    def __init__(self, include):
        self.include = include
        self.pasted = []
        self.definitions = []  # headers for the end
        self.macros = {}  # those left defined, and what they were defined as

    def paste(self, name):
        """The text of a header, behind all that it includes and that is not there yet."""
        self.pasted.append(name)
        path = self.include / 'tenon' / f'{name}.hpp'
        if not path.is_file():
            raise Unfit(f'{path.name} is included and not there')
        text = path.read_text()
        for block in DEFINITIONS.findall(text):
            self.definitions += OWN.findall(block)
        lines = logical_lines(DEFINITIONS.sub('', text))
        guard = guard_of(name)
        if lines[1:3] != [f'#ifndef {guard}\n', f'#define {guard}\n'] or lines[-1] != '#endif\n':
            raise Unfit(f'{path.name} lacks its include guard, {guard}, from its second line to its last')

        text, depth = [], 0
        for line in lines[1:]:  # without its licence, which the banner has
            if re.match(r'\s*#\s*if', line):
                depth += 1
            elif re.match(r'\s*#\s*endif', line):
                depth -= 1
            elif defined := DEFINE.match(line):
                if defined[1] != guard:
                    self.macros[defined[1]] = self.macros.get(defined[1], '') + defined[2]
            elif undefined := re.match(r'#\s*undef\s+(\w+)', line):
                self.macros.pop(undefined[1], None)

            included = INCLUDE.match(line)
            if not included or not ('tenon' in included[1] or '"' in included[1]):
                text.append(line)
            elif not (own := OWN.fullmatch(included[1])):
                raise Unfit(f'{path.name}: {line.strip()} has to be <tenon/NAME.hpp>')
            elif depth != 1:
                raise Unfit(f'{path.name}: {line.strip()} is under a condition')
            elif own[1] not in self.pasted:
                # In the place of the include, and so inside of the guard: what is there already brings all of this.
                text.append(self.paste(own[1]))
        return ''.join(text)

    def leaked(self):
        """The macros left behind that neither are public or every header's, nor stand in one that is."""
        needed, waiting = set(), [m for m in PUBLIC | SHARED if m in self.macros]
        while waiting:
            needed.add(macro := waiting.pop())
            waiting += [m for m in re.findall(r'\w+', self.macros[macro]) if m in self.macros and m not in needed]
        return sorted(m for m in self.macros if m not in needed)


def single_file(include, guard, heads, purpose):
    made = SingleFile(include)
    body = '\n'.join(made.paste(head) for head in heads if is_public(head) and head not in made.pasted)
    others = [head for head in heads if not is_public(head)]
    definitions = []
    while waiting := [name for name in made.definitions + others if name not in made.pasted]:
        definitions.append(made.paste(waiting[0]))
    if definitions:
        body += '\n#ifdef TENON_DEFINITIONS\n\n' + '\n'.join(definitions) + '\n#endif // TENON_DEFINITIONS\n'
    if leaked := made.leaked():
        raise Unfit(f'macros are left defined: {", ".join(leaked)}')
    licence = (ROOT / 'LICENSE').read_text().strip()
    version = made.macros['TENON_VERSION'].strip().strip('"')
    banner = f'tenon {version}: {purpose}\n\nMade by tests/amalgamate.py from include/tenon/; do not edit.\n\n{licence}'
    comment = ''.join(f'// {line}'.rstrip() + '\n' for line in banner.split('\n'))
    return f'// SPDX-License-Identifier: MIT\n{comment}#ifndef {guard}\n#define {guard}\n\n{body}\n#endif\n'


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument('--check', action='store_true')
    arguments.add_argument('--include', type=pathlib.Path, default=ROOT / 'include', metavar='FOLDER')
    arguments = arguments.parse_args()

    files = {
        'tenon.hpp': ('TENON_HPP', names_of_headers(arguments.include), 'everything, for hosts and plugins.'),
        'tenon_plugin.hpp': ('TENON_PLUGIN_ONLY_HPP', PLUGIN, 'what interfaces and plugins need.'),
    }
    stale = []
    for name, (guard, heads, purpose) in files.items():
        path = arguments.include / name
        try:
            text = single_file(arguments.include, guard, heads, purpose)
        except Unfit as reason:
            sys.exit(f'{name} cannot be made: {reason}')
        if not path.is_file() or path.read_text() != text:
            stale.append(name)
            if not arguments.check:
                path.write_text(text)
    if arguments.check and stale:
        sys.exit(f'{" and ".join(stale)} differ from include/tenon/; run tests/amalgamate.py')


if __name__ == '__main__':
    main()
