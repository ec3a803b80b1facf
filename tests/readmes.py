#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""usage: tests/readmes.py [ROOT]

Holds the READMEs to what is there: every link leads to a file, and to a heading in it; every path in a command is one; the first page
stays short; and its first screen is the same as examples/hello.
"""
import pathlib
import re
import sys

LONGEST_FIRST_PAGE = 220


def anchors(text):
    """The anchors that headings get: lower case, with hyphens, and without punctuation."""
    headings = re.findall(r'^#+ (.+)$', re.sub(r'```.*?```', '', text, flags=re.DOTALL), re.MULTILINE)
    return {re.sub(r'[^\w\- ]', '', heading).strip().lower().replace(' ', '-') for heading in headings}


def faults_of_links(readme):
    text = readme.read_text()
    prose = re.sub(r'```.*?```', '', text, flags=re.DOTALL)
    for target in re.findall(r'\]\(([^)\s]+)\)', prose):
        if re.match(r'[a-z]+:', target):
            continue
        path, _, anchor = target.partition('#')
        file = (readme.parent / path).resolve() if path else readme.resolve()
        if not file.exists():
            yield f'{readme}: the link to {target} leads nowhere'
        elif anchor and anchor not in anchors((file / 'README.md' if file.is_dir() else file).read_text()):
            yield f'{readme}: there is no heading for the link to {target}'


def faults_of_commands(root, readme):
    for block in re.findall(r'```sh\n(.*?)```', readme.read_text(), re.DOTALL):
        for path in re.findall(r'(?<![\w./:-])((?:examples|tests|include)/[\w./-]+)', block):
            if not (root / path).exists():
                yield f'{readme}: a command names {path}, which is not there'


def code_of(text):
    """Code without comments, blank lines and the width of spaces."""
    return [' '.join(line.split()) for line in re.sub(r'//.*', '', text).splitlines() if line.strip() and not line.strip().startswith('//')]


def faults_of_first_screen(root):
    screen = (root / 'README.md').read_text().split('## Try it')[0]
    for block in re.findall(r'```cpp\n(.*?)```', screen, re.DOTALL):
        name = re.search(r'// (\w+\.[ch]pp)', block).group(1)
        shown = sorted(code_of(block))
        there = sorted(code_of((root / 'examples/hello' / name).read_text()))
        if [line for line in shown if line not in there]:
            yield f'README.md: {name} has lines that examples/hello/{name} lacks: {[line for line in shown if line not in there]}'


def faults(root):
    readmes = sorted(path for path in root.rglob('README.md') if 'build' not in path.relative_to(root).parts[:1])
    for readme in readmes:
        yield from faults_of_links(readme)
        yield from faults_of_commands(root, readme)
    yield from faults_of_first_screen(root)
    lines = len((root / 'README.md').read_text().splitlines())
    if lines > LONGEST_FIRST_PAGE:
        yield f'README.md has {lines} lines, and {LONGEST_FIRST_PAGE} are what a newcomer reads'


if __name__ == '__main__':
    here = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[1])
    found = list(faults(here))
    print('\n'.join(found))
    sys.exit(bool(found))
