#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What tests/includes.py finds."""
import pathlib
import tempfile
import unittest
from unittest import mock

import includes

README = '''# tenon

| not this | `table` |

## Which header holds what

| layer | headers |
|---|---|
| plugins | `interface`, `export` |
| libraries | `registry`, `plugin` |
| sources | `builder`, `repository` |
| all of them | `loader` |

## Test it
'''
INCLUDES = {
    'interface': [],
    'export': ['interface'],
    'registry': ['export'],
    'plugin': ['export'],
    'builder': ['interface'],
    'repository': ['interface'],
    'loader': ['builder', 'plugin', 'registry', 'repository'],
}


class Includes(unittest.TestCase):
    def faults(self, changed=None, readme=README, standard=''):
        with tempfile.TemporaryDirectory() as scratch:
            root = pathlib.Path(scratch)
            (root / 'include/tenon').mkdir(parents=True)
            (root / 'README.md').write_text(readme)
            for name, below in (INCLUDES | (changed or {})).items():
                text = standard + ''.join(f'#include <tenon/{each}.hpp>\n' for each in below)
                (root / f'include/tenon/{name}.hpp').write_text(text)
            with mock.patch('amalgamate.PLUGIN', ['interface', 'export']):
                return list(includes.faults(root))

    def test_what_goes_down_is_fine(self):
        self.assertEqual(self.faults(), [])

    def test_what_goes_up_or_in_a_circle_is_found(self):
        self.assertEqual(self.faults({'plugin': ['export', 'repository']})[0],
                         'plugin.hpp includes repository.hpp, which does not stand before it')
        self.assertEqual(self.faults({'interface': ['export']}),
                         ['interface.hpp includes export.hpp, which does not stand before it'])

    def test_each_has_the_lowest_below_it(self):
        self.assertEqual(self.faults({'repository': []}),
                         ['repository.hpp does not include interface.hpp, which refuses compilers and systems that are not enough'])

    def test_headers_and_the_table_are_the_same(self):
        self.assertEqual(self.faults({'novel': ['interface']}),
                         ['novel.hpp is 0 times in the table of README.md, "Which header holds what"'])
        self.assertEqual(self.faults(readme=README.replace('`builder`', '`builder`, `absent`')),
                         ['absent.hpp is in the table and not there'])
        self.assertEqual(self.faults(readme='no table')[0],
                         'builder.hpp is 0 times in the table of README.md, "Which header holds what"')

    def test_plugins_include_nothing_heavy_and_what_their_single_file_has(self):
        self.assertIn('export.hpp is what plugins include, and includes <memory>', self.faults(standard='#include <memory>\n'))
        moved = README.replace(', `export`', '').replace('`registry`', '`export`, `registry`')
        self.assertEqual(self.faults(readme=moved), ['the first row and the single file for plugins differ in export'])

    def test_the_loader_alone_knows_everything(self):
        self.assertEqual(
            self.faults({'builder': ['plugin', 'registry']}),
            ['builder.hpp includes plugin, registry of builder, plugin, registry, repository, and the loader alone all of them'])
        self.assertEqual(
            self.faults({'loader': ['builder']}),
            ['loader.hpp includes builder of builder, plugin, registry, repository, and the loader alone all of them'])
        self.assertEqual(self.faults({'last': ['interface']}, README.replace('`loader`', '`loader`, `last`')),
                         ['last.hpp stands behind the loader'])


if __name__ == '__main__':
    unittest.main()
