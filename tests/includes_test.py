#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What tests/includes.py finds."""
import pathlib
import tempfile
import unittest
from unittest import mock

import includes

INCLUDES = {
    'version': [],
    'interface': ['version'],
    'export': ['interface'],
    'registry': ['export'],
    'plugin': ['detail/system/file', 'export'],
    'detail/system/file': ['version'],
    'detail/system/folder': ['detail/system/file'],
    'detail/build/builder': ['detail/system/folder', 'interface'],
    'detail/source/repository': ['detail/system/folder'],
    'detail/load/library_finder': ['detail/build/builder', 'detail/source/repository', 'registry'],
    'loader': ['plugin', 'registry'],
}


class Includes(unittest.TestCase):
    def faults(self, changed=None, standard='', definitions_of=None):
        with tempfile.TemporaryDirectory() as scratch:
            root = pathlib.Path(scratch)
            for name, below in (INCLUDES | (changed or {})).items():
                text = standard + ''.join(f'#include <tenon/{each}.hpp>\n' for each in below)
                text += '\n' + (definitions_of or {}).get(name, '')
                path = root / f'include/tenon/{name}.hpp'
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            with mock.patch('amalgamate.PLUGIN', ['interface', 'export']):
                return list(includes.faults(root))

    def test_what_goes_down_is_fine(self):
        self.assertEqual(self.faults(), [])

    def test_what_goes_up_is_found(self):
        self.assertEqual(self.faults({'detail/source/repository': ['detail/build/builder']}),
                         ['detail/source/repository.hpp includes detail/build/builder.hpp, and source is below build'])

    def test_a_circle_is_found(self):
        self.assertEqual(self.faults({'detail/system/file': ['version', 'detail/system/folder']}),
                         ['detail/system/file.hpp includes itself, by way of detail/system/folder',
                          'detail/system/folder.hpp includes itself, by way of detail/system/file'])
        self.assertEqual(self.faults({'interface': ['version', 'export']}),
                         ['export.hpp includes itself, by way of interface', 'interface.hpp includes itself, by way of export'])

    def test_what_is_for_users_is_not_for_detail(self):
        self.assertIn('detail/source/repository.hpp includes plugin.hpp, which is for users',
                      self.faults({'detail/source/repository': ['plugin']})[0])

    def test_a_folder_that_is_no_layer_is_found(self):
        self.assertIn('detail/utils/text.hpp is in none of the layers', self.faults({'detail/utils/text': ['version']})[0])

    def test_each_has_the_lowest_below_it(self):
        self.assertEqual(self.faults({'detail/source/repository': []}),
                         ['detail/source/repository.hpp does not include version.hpp, '
                          'which refuses compilers and systems that are not enough'])

    def test_plugins_include_nothing_heavy(self):
        self.assertIn('export.hpp is what plugins include, and includes <memory>', self.faults(standard='#include <memory>\n'))

    def test_one_header_alone_knows_everything(self):
        self.assertIn('live.hpp includes detail/build/builder, registry, and detail/load/library_finder.hpp alone may include '
                      'several ways to a plugin', self.faults({'live': ['detail/build/builder', 'registry']}))

    def test_definitions_come_after_what_they_define(self):
        definitions = '#ifdef TENON_DEFINITIONS\n#include <tenon/detail/load/loading.hpp>\n#endif\n'
        self.assertEqual(self.faults({'loader': ['plugin', 'registry']}, definitions_of={'loader': definitions}), [])
        self.assertIn('detail/system/file.hpp includes definitions, which only headers for users do',
                      self.faults(definitions_of={'detail/system/file': definitions}))


if __name__ == '__main__':
    unittest.main()
